// Package web has the pages of a credit bank: the first page, logging in and
// activating an account, what a learner has, and verifying a certificate. They
// are for people with any browser: HTML made on the server, one style sheet, no
// script, Chinese and English.
//
// Pages stand beside the operations of package api and share all that a request
// passes there (see [api.Pages]). What a page shows it asks of the domain, for
// whoever is logged in and about nobody else: a learner sees the own account,
// others see who they are.
package web
