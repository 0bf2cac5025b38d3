package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// Error is an answer that is no good one. The server sends it, and the client returns it.
type Error struct {
	// Status is that of HTTP (RFC 9110 section 15).
	Status int `json:"-"`
	// Sentence says what is wrong and what to do, for people.
	Sentence string `json:"error"`
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Sentence }

// Errorf makes an [*Error]. The status of what is not found is [http.StatusNotFound], of
// what makes no sense [http.StatusBadRequest], of what cannot be done now
// [http.StatusServiceUnavailable].
func Errorf(status int, format string, args ...any) error {
	return &Error{Status: status, Sentence: fmt.Sprintf(format, args...)}
}

// asError is err as it is told; what no handler has given a status is a failure of ours.
func asError(err error) *Error {
	if told, ok := errors.AsType[*Error](err); ok {
		return &Error{Status: told.Status, Sentence: err.Error()}
	}
	return &Error{Status: http.StatusInternalServerError, Sentence: err.Error()}
}

func fail(w http.ResponseWriter, err error) {
	told := asError(err)
	text, _ := json.Marshal(told) // a string is always JSON
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(told.Status)
	_, _ = w.Write(append(text, '\n')) // who asked may have left
}
