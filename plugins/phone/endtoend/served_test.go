package endtoend

import (
	"io"
	"net/http"
	"testing"

	app "github.com/stillvault/stillvault/plugins/phone"
)

// Every file of the app crosses both servers as it was built, with the headers
// that protect it.
func TestTheAppIsServedAsItWasBuilt(t *testing.T) {
	t.Parallel()
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			b, err := app.New(app.Options{Copy: app.CopyMount})
			fatal(t, err)
			for _, file := range append(b.Names(), "") {
				want, _ := b.File(file)
				answer, err := http.Get(s.front.app() + file)
				fatal(t, err)
				body, err := io.ReadAll(answer.Body)
				fatal(t, err)
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK || string(body) != string(want.Data) {
					t.Errorf("%q: status %d, %d bytes; want %d", file, answer.StatusCode, len(body), len(want.Data))
				}
				for header, value := range b.Headers(want.Name) {
					if got := answer.Header.Get(header); got != value[0] {
						t.Errorf("%q: %s is %q, want %q", file, header, got, value[0])
					}
				}
			}
		})
	}
}
