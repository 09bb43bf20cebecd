package main

import (
	"net/http"

	"creditbank/cmd/creditbank/internal/serving"
)

// pages puts the pages for people around a service.
func (p *program) pages() func(*serving.Service) (http.Handler, error) { return nil }
