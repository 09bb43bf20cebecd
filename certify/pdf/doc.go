// Package pdf prints certificates: an A4 page in Chinese and English that people
// keep, with the credential, its log proof and the status list inside, so that
// the same file verifies offline.
//
//	r, err := pdf.New(font)           // from pdf.FindFonts or pdf.ParseFont
//	data, err := r.Render(bundle)     // the same bundle gives the same bytes
//	credential, proof, status, err := pdf.Extract(data)
//
// What the page says is read from the signed credential and from nowhere else;
// only labels are ours. A verifier shows what the credential says and never
// trusts the picture.
//
// # Fonts
//
// Certificates carry names, and names have rare characters, some beyond U+FFFF.
// A character is set in the first font that has it; if none has, the certificate
// is not made and a [GlyphError] names the character, since a blank in a name
// would be worse. Each font is embedded as a subset with the way back to
// Unicode, so that text can be searched and copied, rare characters too.
//
// No font is part of this program: those that cover names have 10 to 15 MB.
// [FindFonts] looks where systems keep them, or takes the files it is given. Noto
// Serif SC and Noto Sans SC (30,900 characters, npm package
// @expo-google-fonts/noto-serif-sc) and LXGW WenKai (Debian package
// fonts-lxgw-wenkai) were looked at; all are under the SIL Open Font License.
//
// # Sources
//
//   - ISO 32000-1:2008 (PDF 1.7); AF and AFRelationship are of ISO 32000-2
//   - Requirements for Chinese Text Layout, https://www.w3.org/TR/clreq/
//   - OpenType 1.9, https://learn.microsoft.com/typography/opentype/spec/
package pdf
