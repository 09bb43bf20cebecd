package main

import (
	"io"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// A progress is a bar on stderr while a file is read; or nothing, where stderr
// is no terminal. The zero progress is nothing.
type progress struct {
	bars *mpb.Progress
	bar  *mpb.Bar
	name atomic.Pointer[string] // of the step
}

// progress returns a bar of size bytes. It is shown only if nothing else is
// written to the same terminal meanwhile.
func (p *program) progress(size int64, what creditbank.Text, alone bool) *progress {
	if size <= 0 || !term.IsTerminal(p.stderr) || !alone && term.IsTerminal(p.stdout) {
		return &progress{}
	}
	bars := mpb.New(mpb.WithOutput(p.stderr), mpb.WithWidth(40))
	bar := bars.AddBar(size, mpb.PrependDecorators(decor.Name(what.ZH+" "+what.EN+" ")),
		mpb.AppendDecorators(decor.Percentage(), decor.Name("  "), decor.AverageETA(decor.ET_STYLE_GO)), mpb.BarRemoveOnComplete())
	return &progress{bars: bars, bar: bar}
}

// steps returns a bar that shows how far the play of a city is.
func (p *program) steps() *progress {
	if !term.IsTerminal(p.stderr) {
		return &progress{}
	}
	bars := mpb.New(mpb.WithOutput(p.stderr), mpb.WithWidth(40))
	b := &progress{bars: bars}
	b.name.Store(new(string))
	b.bar = bars.AddBar(0, mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return *b.name.Load() + " " }, decor.WC{W: 10})),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d")), mpb.BarRemoveOnComplete())
	return b
}

// step moves the bar of a play.
func (b *progress) step(p scenario.Progress) {
	if b.bar == nil {
		return
	}
	b.name.Store(&p.Step)
	b.bar.SetTotal(int64(p.Of), false)
	b.bar.SetCurrent(int64(p.Done))
}

// reader returns r, whose reading moves the bar.
func (b *progress) reader(r io.Reader) io.Reader {
	if b.bar == nil {
		return r
	}
	proxy, err := b.bar.ProxyReader(r)
	if err != nil {
		return r
	}
	return proxy
}

// finish takes the bar away. It may be called again.
func (b *progress) finish() {
	if b.bar == nil {
		return
	}
	b.bar.Abort(true)
	b.bars.Wait()
	b.bar = nil
}
