package certify

import "time"

// A Verdict sums up a [Report].
type Verdict string

// The verdicts.
const (
	Valid      Verdict = "valid"      // every check was made and passed
	Invalid    Verdict = "invalid"    // a check failed
	Incomplete Verdict = "incomplete" // nothing failed, but something could not be checked
)

// A Result is how one check came out.
type Result string

// The results of a check.
const (
	OK         Result = "ok"
	Failed     Result = "failed"
	NotChecked Result = "not_checked"
)

// The names of the checks, in the order of a report.
const (
	CheckFormat    = "format"    // readable, bounded, every term known
	CheckSignature = "signature" // the bytes are those that the key signed
	CheckIssuer    = "issuer"    // the key is the issuer's, and the issuer is trusted
	CheckStatus    = "status"    // not revoked
	CheckPeriod    = "period"    // valid now
	CheckLog       = "log"       // stands in a trusted log
	CheckAnchor    = "anchor"    // the log's checkpoint is confirmed by enough others
)

// A Check is one line of a report. Code is stable and for programs; Zh and En
// are for people; Detail is technical and may be empty.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Code   string `json:"code"`
	Zh     string `json:"zh"`
	En     string `json:"en"`
	Detail string `json:"detail,omitempty"`
}

// A Report is the answer of [Verify]: always the same seven checks, in the same
// order.
type Report struct {
	Verdict    Verdict   `json:"verdict"`
	At         time.Time `json:"at"`                   // the time asked about
	Credential *Header   `json:"credential,omitempty"` // what the credential says, if it could be read
	StatusAsOf time.Time `json:"statusAsOf,omitzero"`  // date of the status list used
	AnchoredAt time.Time `json:"anchoredAt,omitzero"`  // when the cosigner that made it enough signed
	Checks     []Check   `json:"checks"`
}

// Check returns the check of a name.
func (r Report) Check(name string) Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	return Check{}
}

// codes says what each code means. It never changes.
var codes = map[string]struct {
	result Result
	zh, en string
}{
	"format_ok":           {OK, "格式正确", "the format is right"},
	"format_bad":          {Failed, "文件损坏或格式不正确", "the file is damaged or not in the right format"},
	"format_unknown":      {Failed, "含有本程序不认识的内容,拒绝采信", "it contains something this program does not know, and is refused"},
	"not_reached":         {NotChecked, "前面的检查未通过,此项未检查", "not checked, since an earlier check did not pass"},
	"signature_ok":        {OK, "签名正确,内容未被改动", "the signature is right; nothing was changed"},
	"signature_bad":       {Failed, "签名不正确:内容被改动,或不是该密钥所签", "the signature is wrong: changed, or signed with another key"},
	"signature_unknown":   {Failed, "没有本程序认识的签名方式", "no signature of a kind this program knows"},
	"key_unknown":         {NotChecked, "没有签发者的公钥,无法检查签名", "the signature cannot be checked without the issuer's key"},
	"issuer_ok":           {OK, "签发者在信任名单中,密钥属于该签发者", "the issuer is trusted and the key is the issuer's"},
	"issuer_key_foreign":  {Failed, "签名密钥不属于证书所称的签发者", "the signing key is not the issuer's"},
	"issuer_key_unlisted": {Failed, "签名密钥不在签发者公布的密钥中", "the signing key is not among those the issuer published"},
	"issuer_key_period":   {Failed, "签名日期不在该密钥的使用期内", "the key was not in use at the date of the signature"},
	"issuer_unknown":      {NotChecked, "签发者不在信任名单中,无法确认其身份", "the issuer is not in the trust file: nobody vouches for it"},
	"status_ok":           {OK, "未被撤销", "not revoked"},
	"status_none":         {OK, "该证书不设撤销状态", "the certificate names no revocation list"},
	"revoked":             {Failed, "证书已被撤销", "the certificate was revoked"},
	"status_unknown":      {Failed, "撤销方式为本程序不认识的种类,拒绝采信", "a kind of status this program does not know, and is refused"},
	"status_missing":      {NotChecked, "没有提供撤销名单,无法确认是否被撤销", "no status list was given: whether it was revoked is not known"},
	"status_other_list":   {NotChecked, "提供的不是该证书所属的撤销名单", "the status list given is not the certificate's"},
	"status_stale":        {NotChecked, "撤销名单不在有效期内", "the status list is not current"},
	"status_bad":          {Failed, "撤销名单损坏或签名不正确", "the status list is damaged or its signature is wrong"},
	"status_issuer":       {NotChecked, "签发者不在信任名单中,无法检查撤销名单", "the status list cannot be checked without a trusted issuer"},
	"period_ok":           {OK, "在有效期内", "within its period of validity"},
	"not_yet_valid":       {Failed, "尚未生效", "not valid yet"},
	"expired":             {Failed, "已过有效期", "expired"},
	"log_ok":              {OK, "已登记在透明日志中", "stands in the transparency log"},
	"log_missing":         {NotChecked, "没有提供日志证明", "no log proof was given"},
	"log_unpinned":        {NotChecked, "信任名单中没有日志公钥", "the trust file names no log"},
	"log_malformed":       {Failed, "日志证明损坏或格式不正确", "the log proof is damaged or not in the right format"},
	"log_other":           {Failed, "日志证明来自信任名单以外的日志", "the proof is of a log that is not trusted"},
	"log_bad":             {Failed, "日志证明与该证书不符,或日志签名不正确", "the proof is not of this certificate, or the log's signature is wrong"},
	"anchor_ok":           {OK, "日志检查点已由足够多的见证方确认", "the log's checkpoint is confirmed by enough witnesses"},
	"anchor_unpinned":     {NotChecked, "信任名单中没有见证方", "the trust file names no witness"},
	"anchor_few":          {NotChecked, "确认日志检查点的见证方不够", "too few witnesses confirmed the log's checkpoint"},
}

// check makes a Check of a code.
func check(name, code string, err error) Check {
	c := codes[code]
	out := Check{Name: name, Result: c.result, Code: code, Zh: c.zh, En: c.en}
	if err != nil {
		out.Detail = err.Error()
	}
	return out
}

// sum sets the verdict.
func (r *Report) sum() {
	r.Verdict = Valid
	for _, c := range r.Checks {
		if c.Result == Failed {
			r.Verdict = Invalid
			return
		}
		if c.Result != OK {
			r.Verdict = Incomplete
		}
	}
}
