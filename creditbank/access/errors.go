package access

import "creditbank/creditbank"

// The codes of input errors of this package.
const (
	CodeNotAllowed        creditbank.Code = "NOT_ALLOWED"
	CodePrincipalDisabled creditbank.Code = "PRINCIPAL_DISABLED"
	CodeUnknownPrincipal  creditbank.Code = "UNKNOWN_PRINCIPAL"
	CodeActivationFailed  creditbank.Code = "ACTIVATION_FAILED"
	CodeLoginFailed       creditbank.Code = "LOGIN_FAILED"
	CodeClientRefused     creditbank.Code = "CLIENT_REFUSED"
	CodeSessionEnded      creditbank.Code = "SESSION_ENDED"
	CodePassword          creditbank.Code = "PASSWORD_UNFIT"
)

func forbidden(code creditbank.Code, field, zh, en string) error {
	return &creditbank.InputError{Kind: creditbank.ErrForbidden, Code: code, Field: field, Reason: creditbank.Text{ZH: zh, EN: en}}
}

func notAllowed(field, zh, en string) error { return forbidden(CodeNotAllowed, field, zh, en) }

func disabled() error {
	return forbidden(CodePrincipalDisabled, "", "该用户或客户端已停用", "the account or client is disabled")
}

func unknown(field string) error {
	return creditbank.NotFound(CodeUnknownPrincipal, field, "没有该用户或客户端", "there is no such account or client")
}

// The answers that say nothing about why, so that nobody learns from them which
// accounts exist, who holds them, or how close a guess was.

func activationFailed() error {
	return forbidden(CodeActivationFailed, "", "账号、姓名或激活码不符，或激活码已失效", "the account number, the name or the code does not fit, or the code is void")
}

func loginFailed() error {
	return forbidden(CodeLoginFailed, "", "账号或密码不正确，或账户暂时锁定", "the account number or the password is wrong, or the account is locked for a while")
}

func clientRefused() error {
	return forbidden(CodeClientRefused, "", "客户端凭据无效", "the client's credentials are not valid")
}

func sessionEnded() error {
	return forbidden(CodeSessionEnded, "", "会话已结束，请重新登录", "the session has ended: log in again")
}
