package main

import (
	"context"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) calendarCommand() *cobra.Command {
	return group("calendar", "工作日历 the working days that deadlines run on", "  creditbank calendar import 2026.csv\n  creditbank calendar list",
		p.calendarImportCommand(), p.calendarListCommand())
}

func (p *program) calendarImportCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "import FILE", Short: "导入 import years: CSV with date, kind (holiday or workday), name", Args: exactly("FILE"),
		Long: "只列与星期不同的日子：放假（holiday）与调休上班（workday）。每年整年导入，取代原有的该年；已定的期限不变。\n" +
			"Lists the days that differ from their day of the week. A year is imported whole, in place of what was known of it;\n" +
			"deadlines that were set already stay.",
		Example: "  creditbank calendar import configs/calendars/2026.csv",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		data, err := os.ReadFile(args[0])
		if err != nil {
			return noFile(args[0], err)
		}
		years, problems := creditbank.ParseCalendar(args[0], data)
		if err := p.report(problems.List()); err != nil {
			return err
		}
		if err := s.Publish(ctx, s.by, creditbank.Reference{Calendar: years}); err != nil {
			return err
		}
		return p.showCalendars(s)
	})
	return c
}

func (p *program) calendarListCommand() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "已导入的年份 the years that are known", Args: exactly(), Example: "  creditbank calendar list"}
	c.RunE = p.onBank(func(_ context.Context, s *session, _ []string) error { return p.showCalendars(s) })
	return c
}

func (p *program) showCalendars(s *session) error {
	known := s.Catalogue().CalendarYears
	v := struct {
		Years []creditbank.CalendarYear `json:"years"`
	}{[]creditbank.CalendarYear{}}
	for _, year := range slices.Sorted(maps.Keys(known)) {
		v.Years = append(v.Years, known[year])
	}
	return p.show(v, func(out *term.Screen) {
		if len(v.Years) == 0 {
			out.Mark(0, "!", term.Warn, tx("尚未导入工作日历；期限按周一至周五推算", "no calendar was imported: deadlines assume Monday to Friday"))
		}
		for _, y := range v.Years {
			off := 0
			for _, d := range y.Days {
				if d.Kind == creditbank.DayHoliday {
					off++
				}
			}
			out.Mark(0, "✓", term.Good, txf("%d年：放假%d日，调休上班%d日", "%d: %d days off, %d weekend days worked", y.Year, off, len(y.Days)-off))
		}
	})
}
