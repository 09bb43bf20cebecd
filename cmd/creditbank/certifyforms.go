package main

import (
	"context"
	"slices"

	"creditbank/certify"
	"creditbank/creditbank"
)

// tokenForms are the forms of a certificate that are written beside it.
type tokenForms struct {
	jwt, sdjwt bool
	disclose   []string // of the SD-JWT; nil for all
}

func (f tokenForms) any() bool { return f.jwt || f.sdjwt }

func newTokenForms(forms, disclose []string) (tokenForms, error) {
	var f tokenForms
	for _, form := range forms {
		switch certify.Form(form) {
		case certify.FormJSON: // always written
		case certify.FormJWT:
			f.jwt = true
		case certify.FormSDJWT:
			f.sdjwt = true
		default:
			return f, creditbank.Invalid(codeUsage, "--form", "--form 应为 jwt 或 sd-jwt", "--form is jwt or sd-jwt")
		}
	}
	if len(disclose) == 0 {
		return f, nil
	}
	f.disclose = []string{}
	for _, name := range disclose {
		switch {
		case name == "nothing" && len(disclose) == 1:
		case slices.Contains(certify.Disclosable(), name):
			f.disclose = append(f.disclose, name)
		default:
			return f, creditbank.Invalid(codeUsage, "--disclose", "没有可出示的“"+name+"”", "there is no "+name+" to disclose")
		}
	}
	if !f.sdjwt {
		return f, creditbank.Invalid(codeUsage, "--disclose", "--disclose 须与 --form sd-jwt 同用", "--disclose goes with --form sd-jwt")
	}
	return f, nil
}

// tokens writes a certificate in its other forms.
func (w *certificateWriter) tokens(ctx context.Context, c *certificateView, stem string) error {
	if w.also.jwt {
		token, err := w.office.JWT(ctx, c.ID)
		if err != nil {
			return err
		}
		c.JWT = stem + ".jwt"
		if err := replaceFile(c.JWT, token); err != nil {
			return err
		}
	}
	if w.also.sdjwt {
		token, err := w.office.SDJWT(ctx, c.ID, w.also.disclose)
		if err != nil {
			return err
		}
		c.SDJWT = stem + ".sd-jwt"
		return replaceFile(c.SDJWT, token)
	}
	return nil
}
