package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"creditbank/api"
	"creditbank/creditbank"
)

//go:embed templates static
var files embed.FS

// A visit is a request for a page, on its way to an answer.
type visit struct {
	api.Visit
	site    *Site
	w       http.ResponseWriter
	r       *http.Request
	english bool
}

// visit begins one: whatever comes of it, the headers of a page hold.
func (s *Site) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{Visit: s.c.Server.Visit(r), site: s, w: w, r: r}
	v.english = v.English
	if sent, err := r.Cookie(s.c.Server.Cookie(cookieLanguage, "", 0).Name); err == nil && slices.Contains([]string{"zh", "en"}, sent.Value) {
		v.english = sent.Value == "en"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// With no-referrer a browser would send Origin: null with our own forms too.
	h.Set("Referrer-Policy", "same-origin")
	return v
}

// text returns t in the language of the visit.
func (v *visit) text(t creditbank.Text) string { return in(v.english, t) }

func in(english bool, t creditbank.Text) string {
	if english && t.EN != "" {
		return t.EN
	}
	return t.ZH
}

// A view is what a template is given.
type view struct {
	Lang     string // of the page
	Title    string
	Path     string // where the page can be asked for again
	LoggedIn bool
	Learner  bool // who is logged in is one
	Request  string
	Provider string // what the button of the provider says, "" where there is none
	Data     any
}

// show answers with a page. It is made whole first, so that a fault of a
// template is an error and no half page.
func (v *visit) show(status int, name string, data any) error {
	view := view{Lang: "zh-CN", Title: v.text(words["title."+name]), Path: again(v.r.URL), LoggedIn: v.LoggedIn, Learner: v.Principal.Learner != "", Request: v.Request, Data: data}
	if v.english {
		view.Lang = "en"
	}
	if v.site.c.OIDC != nil {
		view.Provider = v.text(v.site.c.Provider)
	}
	if t, ok := data.(titled); ok {
		view.Title = t.title()
	}
	var out bytes.Buffer
	if err := v.site.templates[v.english][name].ExecuteTemplate(&out, "layout", view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	out.WriteTo(v.w) // too late to report a failure
	return nil
}

// titled is data that names its page.
type titled interface{ title() string }

// again returns the address at which a page is asked for again: of a query, only
// where to go on from logging in is kept.
func again(u *url.URL) string {
	if next := u.Query().Get("next"); u.Path == "/login" && next != "" {
		return "/login?" + url.Values{"next": {local(next)}}.Encode()
	}
	return local(u.EscapedPath())
}

// local returns an address of this service, the first page if it is none: pages
// send nobody elsewhere.
func local(s string) string {
	const most = 500
	_, err := url.Parse(s)
	// Browsers take a backslash for a slash, and leave out some of what is not
	// printable.
	odd := func(c rune) bool { return c == '\\' || c <= ' ' || c == 0x7f }
	if err != nil || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsFunc(s, odd) || len(s) > most {
		return "/"
	}
	return s
}

// to sends the browser on to an address of this service.
func (v *visit) to(address string) error {
	http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	return nil
}

// The names of cookies besides the session's.
const (
	cookieLanguage = "language"
	cookieLogin    = "login"    // a log-in at the provider that has begun
	cookieIdentity = "identity" // who logged in there, until it is known whose account it is
)

// cookie returns a cookie that the browser sent, "" for none.
func (v *visit) cookie(name string) string {
	sent, err := v.r.Cookie(v.site.c.Server.Cookie(name, "", 0).Name)
	if err != nil {
		return ""
	}
	return sent.Value
}

// keep has the browser keep a cookie.
func (v *visit) keep(name, value string, lasts time.Duration) {
	http.SetCookie(v.w, v.site.c.Server.Cookie(name, value, lasts))
}

// drop has the browser keep a cookie no longer, if it has it.
func (v *visit) drop(name string) {
	if v.cookie(name) != "" {
		v.keep(name, "", 0)
	}
}

// language sets the language of pages.
func (s *Site) language(v *visit) error {
	to := v.r.PostFormValue("to")
	if !slices.Contains([]string{"zh", "en"}, to) {
		return creditbank.Invalid(creditbank.CodeMalformed, "to", "没有这种语言", "there is no such language")
	}
	v.keep(cookieLanguage, to, 365*24*time.Hour)
	return v.to(local(v.r.PostFormValue("next")))
}

// parse reads the templates, once for each language.
func parse(name creditbank.Text) (map[bool]map[string]*template.Template, error) {
	entries, err := files.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := map[bool]map[string]*template.Template{false: {}, true: {}}
	for english, set := range all {
		base, err := template.New("").Funcs(functions(english, name)).ParseFS(files, "templates/layout.html")
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name, _ := strings.CutSuffix(e.Name(), ".html")
			if name == "layout" {
				continue
			}
			page, err := base.Clone()
			if err == nil {
				set[name], err = page.ParseFS(files, "templates/"+e.Name())
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// functions are what templates can call, in a language.
func functions(english bool, name creditbank.Text) template.FuncMap {
	return template.FuncMap{
		"t": func(key string, args ...any) (string, error) {
			said, ok := words[key]
			if !ok {
				return "", fmt.Errorf("no words for %s", key)
			}
			if len(args) == 0 {
				return in(english, said), nil
			}
			return fmt.Sprintf(in(english, said), args...), nil
		},
		"zh":    func(key string) string { return words[key].ZH },
		"en":    func(key string) string { return words[key].EN },
		"in":    func(t creditbank.Text) string { return in(english, t) },
		"bank":  func() string { return in(english, name) },
		"style": func() string { return "/static/style.css?v=" + fingerprint("style.css") },
		// What is written in Chinese only says so on an English page.
		"han": func(s string) template.HTML {
			if !english || s == "" {
				return template.HTML(template.HTMLEscapeString(s))
			}
			return template.HTML(`<span lang="zh-CN">` + template.HTMLEscapeString(s) + `</span>`)
		},
	}
}

// fingerprint names the content of a file that is served as it is.
func fingerprint(name string) string {
	data, err := files.ReadFile("static/" + name)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// static serves a file. Under its fingerprint it never changes.
func (s *Site) static(name, contentType string) handler {
	data, err := files.ReadFile("static/" + name)
	print := fingerprint(name)
	return func(v *visit) error {
		if err != nil {
			return err
		}
		h := v.w.Header()
		h.Set("Content-Type", contentType)
		h.Set("ETag", `"`+print+`"`)
		h.Set("Cache-Control", "public, no-cache")
		if v.r.URL.Query().Get("v") == print {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(data))
		return nil
	}
}
