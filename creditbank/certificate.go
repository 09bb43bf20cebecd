package creditbank

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Certified returns the row of the history that the certificate of c certifies:
// the approval, or the act that last changed its grades.
func (c *Conversion) Certified() int64 { return max(c.Seq, c.Regraded) }

// Requested returns the outcomes whose certificates were asked for, in order.
func (a *Account) Requested() []int64 { return slices.Sorted(maps.Keys(a.requested)) }

// Voided reports whether the certificate of row seq was voided: there must be
// none any more, though what it certifies stands.
func (a *Account) Voided(seq int64) bool { return a.voided[seq] != 0 }

// Certifiable says why the outcome that version seq made cannot be certified,
// if it cannot.
func (a *Account) Certifiable(seq int64) error {
	l := a.Lot(seq)
	switch {
	case l == nil:
		return NotFound(CodeUnknownOutcome, "outcome", "没有这项学习成果", "there is no such outcome")
	case !l.Granted:
		return Conflict(CodeState, "outcome", "该成果未获认定，不能出具证书", "the outcome was not recognised")
	case l.RevokedOn != 0:
		return Conflict(CodeState, "outcome", "该成果已撤销，不能出具证书", "the outcome was revoked")
	case !l.Current():
		return Conflict(CodeState, "outcome", "该成果已被新的修订取代，请为新修订出具证书", "the outcome was replaced by a revision")
	case a.Voided(seq):
		return Conflict(CodeState, "outcome", "该成果的证书已作废，不再出具", "the certificate of the outcome was voided, and is not issued again")
	}
	return nil
}

// voidable says why there is no certificate of row seq to void.
func (a *Account) voidable(seq int64) error {
	if a.Voided(seq) {
		return Conflict(CodeState, "certificate", "该证书已作废", "the certificate was voided before")
	}
	if a.Lot(seq) != nil {
		return a.Certifiable(seq)
	}
	for _, c := range a.Conversions {
		switch {
		case seq != c.Seq && seq != c.Certified():
		case !c.Stands():
			return Conflict(CodeState, "certificate", "该转换已冲正，证书随之撤销", "the conversion was reversed, which revokes its certificate")
		case seq != c.Certified():
			return Conflict(CodeState, "certificate", fmt.Sprintf("该转换的成绩已更正，现行证书对应第%d项", c.Regraded),
				fmt.Sprintf("the conversion was regraded: its certificate is that of entry %d", c.Regraded))
		default:
			return nil
		}
	}
	return NotFound(CodeUnknownCertificate, "certificate", fmt.Sprintf("第%d项不出具证书", seq), fmt.Sprintf("entry %d has no certificate", seq))
}

// applyCertificate moves a on by an act about a certificate.
func (a *Account) applyCertificate(act Act) error {
	of := act.Body.Of
	if act.Kind == ActVoided {
		if err := a.voidable(of); err != nil {
			return fmt.Errorf("%v", err) // damage is of no kind
		}
		a.voided[of] = act.Seq
		return nil
	}
	if err := a.Certifiable(of); err != nil {
		return fmt.Errorf("%v", err)
	}
	if a.requested[of] == 0 {
		a.requested[of] = act.Seq
	}
	return nil
}

// RequestCertificate asks for the certificate of the outcome that version
// outcome made. Once it is on record the certificate is issued sooner or later,
// whatever crashes (package issuance). Asking twice changes nothing: without a
// key the first request is returned, under a key it is put on record all the
// same, so that the key keeps its answer.
func (b *Bank) RequestCertificate(ctx context.Context, c Change, outcome int64) (Act, error) {
	var first Act
	act, err := b.changeOne(ctx, c, fmt.Sprint("request certificate ", outcome), func(d *draft, h History) error {
		if err := d.account.Certifiable(outcome); err != nil {
			return err
		}
		if seq := d.account.requested[outcome]; seq != 0 && c.Key == "" {
			first = h.act(seq)
			return b.nothingToDo(ctx)
		}
		_, err := d.act(ActRequested, ActBody{Of: outcome})
		return err
	})
	if err == errNothingToDo {
		return first, nil
	}
	return act, err
}

// VoidCertificate has the certificate of row seq revoked, though what it
// certifies stands: it was made out wrongly, or fell into wrong hands. It is not
// issued again. A regraded conversion later gets a certificate of its own.
func (b *Bank) VoidCertificate(ctx context.Context, c Change, seq int64, reason string) (Act, error) {
	if err := checkText("reason", reason, 1000); err != nil {
		return Act{}, err
	}
	return b.changeOne(ctx, c, fmt.Sprintf("void certificate %d %q", seq, reason), func(d *draft, _ History) error {
		if err := d.account.voidable(seq); err != nil {
			return err
		}
		_, err := d.act(ActVoided, ActBody{Of: seq, Reason: reason})
		return err
	})
}
