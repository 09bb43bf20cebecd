package embedded

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/creditbank"
)

// A logExaminer looks at the log of certificates.
type logExaminer struct {
	*examiner
	state   issuance.State
	tiles   tlog.TileReader
	records int64 // certificates and revocations seen
}

// examineLog prepares to look at the log, whose newest checkpoint must be
// signed and be of its head.
func (x *examiner) examineLog(ctx context.Context) (*logExaminer, error) {
	store := x.bank.Store.Certificates()
	state, err := store.State(ctx)
	if err != nil {
		return nil, err
	}
	last, err := x.bank.Store.Number(ctx)
	if err != nil {
		return nil, err
	}
	x.result.Log.Records, x.result.Log.Behind = state.Head.Size, max(0, last-state.Cursor)
	l := &logExaminer{examiner: x, state: state, tiles: func(id tlog.TileID) ([]byte, error) { return store.Tile(ctx, id) }}
	if state.Head.Size == 0 {
		return l, nil
	}
	verifier, err := note.NewVerifier(state.LogKey)
	if err != nil {
		x.fault(CheckLog, "", "日志公钥不可读："+err.Error(), "the key of the log cannot be read: "+err.Error())
		return l, nil
	}
	if opened, err := tlog.Open(state.Checkpoint, verifier); err != nil || opened.Head != state.Head {
		x.fault(CheckLog, "", "最新检查点与日志不符", "the newest checkpoint is not signed, or not of the log's head")
	}
	return l, nil
}

// learner holds the certificates of a learner against the log.
func (l *logExaminer) learner(ctx context.Context, id creditbank.LearnerID, account creditbank.AccountNumber) error {
	all, err := l.bank.Store.Certificates().Certificates(ctx, id)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		l.fault(CheckLog, account, "证书记录受损："+err.Error(), "a certificate is damaged: "+err.Error())
		return nil
	}
	for _, c := range all {
		l.result.Log.Certificates++
		l.record(account, c.Index, c.Leaf)
		if c.Valid() {
			continue
		}
		l.result.Log.Revoked++
		leaf, err := tlog.RevocationLeaf(c.Leaf, c.RevokedAt)
		if err != nil {
			return err
		}
		l.record(account, c.RevokedIndex, leaf)
	}
	return nil
}

// record checks that a leaf stands in the log where it should.
func (l *logExaminer) record(account creditbank.AccountNumber, index int64, leaf tlog.Leaf) {
	l.records++
	proof, err := tlog.ProveInclusion(l.state.Head, index, l.tiles)
	if err == nil {
		err = tlog.CheckInclusion(l.state.Head, index, leaf.Record(), proof)
	}
	if err != nil {
		l.fault(CheckLog, account, fmt.Sprintf("第 %d 条日志与证书不符：%v", index, err), fmt.Sprintf("record %d of the log is not the certificate's: %v", index, err))
	}
}

// finish looks at the log as a whole: every record belongs to a certificate,
// and the log extends what was anchored.
func (l *logExaminer) finish(ctx context.Context) error {
	if l.records != l.state.Head.Size {
		l.fault(CheckLog, "", fmt.Sprintf("日志有 %d 条，证书与吊销共 %d 条", l.state.Head.Size, l.records),
			fmt.Sprintf("the log has %d records, certificates and revocations make %d", l.state.Head.Size, l.records))
	}
	if l.state.Head.Size == 0 {
		return nil
	}
	office, err := l.bank.Office(ctx)
	if err != nil {
		return err
	}
	anchor, err := office.open(ctx)
	if err != nil {
		l.fault(CheckAnchor, "", "存证文件不可用："+err.Error(), "the anchor cannot be read: "+err.Error())
		return nil
	}
	defer anchor.Close()
	last, err := anchor.Latest(ctx, office.origin)
	if err == nil {
		l.result.Log.Anchored = last.Checkpoint.Size
		err = office.CheckAnchored(ctx, last)
	}
	if err != nil && !errors.Is(err, chain.ErrNone) {
		l.fault(CheckAnchor, "", "日志与存证不符："+err.Error(), "the log does not extend what was anchored: "+err.Error())
	}
	return nil
}
