package configs

import "time"

// Limits bound what a request may ask for, and how often.
type Limits struct {
	// BodyBytes is the longest body of a request that is read whole, in bytes.
	// Default 1048576 (1 MiB).
	BodyBytes int `yaml:"body_bytes" range:"1024,1073741824"`
	// FileBytes is the longest posting file that is streamed (CSV, NDJSON), in
	// bytes. Default 33554432 (32 MiB).
	FileBytes int `yaml:"file_bytes" range:"1024,1073741824"`
	// NDJSONRowBytes is the longest row of a stream, in bytes. Default 65536.
	NDJSONRowBytes int `yaml:"ndjson_row_bytes" range:"256,16777216"`
	// JSONDepth is how deep objects and lists may nest. Default 32.
	JSONDepth int `yaml:"json_depth" range:"4,1000"`

	// RequestTimeout is how long a request may take that is read whole. Default
	// 30s.
	RequestTimeout time.Duration `yaml:"request_timeout" range:"1s,10m"`
	// HeaderTimeout is how long the head of a request may take to arrive.
	// Default 5s.
	HeaderTimeout time.Duration `yaml:"header_timeout" range:"100ms,1m"`
	// IdleTimeout is how long a connection may wait for its next request.
	// Default 2m.
	IdleTimeout time.Duration `yaml:"idle_timeout" range:"1s,1h"`
	// StreamTimeout is how long a stream, of rows or of events, may go on without
	// a byte that comes or goes. At least RequestTimeout. Default 1m.
	StreamTimeout time.Duration `yaml:"stream_timeout" range:"1s,1d"`
	// UploadTimeout is the time in which a file of evidence has to come, all of
	// it: 10 MiB in two minutes are 0.7 Mbit/s. Default 2m.
	UploadTimeout time.Duration `yaml:"upload_timeout" range:"1s,1h"`
	// Uploads is how many files of evidence come at once, each of which takes up
	// to 30 MiB of memory; more are refused with 503. Default 32.
	Uploads int `yaml:"uploads" range:"1,10000"`

	// MaxInFlight is how many requests are worked on at once; more are refused
	// with 503 and Retry-After. Default 1024.
	MaxInFlight int `yaml:"max_in_flight" range:"1,100000"`

	// PerClient is what a client with a token may ask for. Default 2000 at once,
	// then 1000 a second.
	PerClient Rate `yaml:"per_client"`
	// PerInstitution is what all clients of an institution together may ask for.
	// Default 5000 at once, then 2500 a second.
	PerInstitution Rate `yaml:"per_institution"`
	// Anonymous is what an address without a token or session may ask for.
	// Default 240 at once, then 240 a minute.
	Anonymous Rate `yaml:"anonymous"`
	// Login is how often anybody may try to log in to one account. Default 10 at
	// once, then 10 in ten minutes.
	Login Rate `yaml:"login"`
	// LoginFrom is how often one address, which all of a school may share, may try
	// to log in, and each client at one address to get a token. Default 100 at
	// once, then 100 in ten minutes.
	LoginFrom Rate `yaml:"login_from"`
}

// A Rate is a bucket of requests: Burst at once, and Refill of them come back
// in each Per.
type Rate struct {
	Burst  int           `yaml:"burst" range:"1,10000000"`
	Refill int           `yaml:"refill" range:"1,10000000"`
	Per    time.Duration `yaml:"per" range:"1ms,1d"`
}
