// Package rules ships rule sets to start from: each follows the published rules of
// a credit bank that exists, with the courses it needs and examples of its own,
// and says in its README which clause became which key.
//
// They are no copies of what is in force there. Names of institutions and courses
// are made up, and each number that was not read in a source is marked as an
// assumption (假定) where it stands.
package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"creditbank/creditbank"
)

//go:embed guangdong open-university korea ects one-plus-x
var files embed.FS

// An Example is a shipped rule set.
type Example struct {
	Name  string          `json:"name"` // of its folder
	Title creditbank.Text `json:"title"`
}

// Examples returns the shipped rule sets.
func Examples() []Example {
	return []Example{
		{"guangdong", creditbank.Text{ZH: "广东：总量50%、在线25%、内容重合80%", EN: "Guangdong: 50 % in all, 25 % online, 80 % overlap"}},
		{"open-university", creditbank.Text{ZH: "国家开放大学：免修不超过统设必修的35%", EN: "Open University of China: exemptions up to 35 % of compulsory credits"}},
		{"one-plus-x", creditbank.Text{ZH: "1+X证书：每证最高8学分，一课一证", EN: "1+X certificates: 8 credits each, one certificate a course"}},
		{"korea", creditbank.Text{ZH: "韩国：每年42、每学期24、每机构105、本制度18", EN: "Korea: 42 a year, 24 a semester, 105 per institution, 18 residency"}},
		{"ects", creditbank.Text{ZH: "欧洲ECTS：学习量、成绩分布换算、交流承认", EN: "ECTS: workload, grade distributions, mobility"}},
	}
}

// Files returns the folder of a shipped rule set, in the form of any folder of
// rules: rules.yaml, programmes.yaml and the CSV files they refer to.
func Files(name string) (fs.FS, error) {
	known := Examples()
	if !slices.ContainsFunc(known, func(e Example) bool { return e.Name == name }) {
		var names []string
		for _, e := range known {
			names = append(names, e.Name)
		}
		list := strings.Join(names, ", ")
		return nil, creditbank.NotFound("UNKNOWN_EXAMPLE", "name", fmt.Sprintf("没有示例 %s；现有 %s", name, list), fmt.Sprintf("there is no example %s, but %s", name, list))
	}
	return fs.Sub(files, name)
}
