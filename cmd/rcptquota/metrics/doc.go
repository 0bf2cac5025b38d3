// Package metrics is what monitoring reads over HTTP: /metrics for Prometheus, /healthz
// and /readyz.
package metrics
