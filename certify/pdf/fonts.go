package pdf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrNoFont: no font was named, and none is where systems keep them.
var ErrNoFont = errors.New("no font to print certificates with")

// NoFont says, in Chinese and in English, what to do about [ErrNoFont].
const (
	NoFontZh = "没有可用于印制证书的中文字体：请在配置 certificates.fonts 中写明 TrueType 字体文件（如思源宋体 NotoSerifSC），或安装 fonts-lxgw-wenkai"
	NoFontEn = "there is no Chinese font to print certificates with: name TrueType files (such as Noto Serif SC) in certificates.fonts, or install the package fonts-lxgw-wenkai"
)

// The usual places of fonts, the best first: the folder fonts here, npm
// packages, Debian, macOS, Windows. Patterns are those of [filepath.Glob].
func usualPlaces() []string {
	return []string{
		"fonts/NotoSerifSC*Regular.ttf",
		"fonts/NotoSansSC*Regular.ttf",
		"node_modules/@expo-google-fonts/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf",
		"node_modules/@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
		"/usr/share/fonts/*/NotoSerifSC-Regular.ttf",
		"/usr/share/fonts/*/*/NotoSerifSC-Regular.ttf",
		"/usr/share/fonts/*/*/NotoSansSC-Regular.ttf",
		"/usr/local/share/fonts/Noto*SC*Regular.ttf",
		"/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf",
		"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
		"/System/Library/Fonts/Supplemental/Songti.ttc",
		"/Library/Fonts/Arial Unicode.ttf",
		`C:\Windows\Fonts\simsun.ttc`,
		`C:\Windows\Fonts\simsunb.ttf`, // characters beyond U+FFFF
		`C:\Windows\Fonts\msyh.ttc`,
	}
}

// FindFonts reads the font files named, all of which must be there and usable.
// If none is named, it reads those it finds where systems keep them: each helps
// out with what those before it lack. [ErrNoFont] if there is none.
func FindFonts(paths []string) ([]*Font, error) {
	if len(paths) > 0 {
		var fonts []*Font
		for _, path := range paths {
			f, err := readFont(path)
			if err != nil {
				return nil, err
			}
			fonts = append(fonts, f)
		}
		return fonts, nil
	}
	return find(usualPlaces())
}

func find(places []string) ([]*Font, error) {
	var fonts []*Font
	seen := map[string]bool{}
	for _, place := range places {
		files, err := filepath.Glob(place)
		if err != nil {
			return nil, fmt.Errorf("look for fonts in %s: %w", place, err)
		}
		for _, path := range files {
			f, err := readFont(path)
			if err != nil || seen[f.name] {
				continue // of another kind than we can use, which others may be
			}
			seen[f.name] = true
			fonts = append(fonts, f)
		}
	}
	if len(fonts) == 0 {
		return nil, ErrNoFont
	}
	return fonts, nil
}

func readFont(path string) (*Font, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFont+1))
	if err != nil {
		return nil, fmt.Errorf("read font %s: %w", path, err)
	}
	f, err := ParseFont(data)
	if err != nil {
		return nil, fmt.Errorf("read font %s: %w", path, err)
	}
	return f, nil
}

// Name returns the font's PostScript name.
func (f *Font) Name() string { return f.name }

// Has reports whether the font can show a character.
func (f *Font) Has(r rune) bool {
	_, err := f.glyph(r)
	return err == nil
}
