package provider

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/stillvault/stillvault/core/roster"
)

// What Read finds no more it takes out of the state, and with it the head that the
// state remembers. Only a log may say so: not the words of a broker that shows none.
func TestABrokersWordsAreNotTheLogs(t *testing.T) {
	for _, name := range []error{roster.ErrRevoked, roster.ErrUnknown} {
		name, _, _ := strings.Cut(name.Error(), ":")
		broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"errors":["`+name+`: so it is"]}`)
		}))
		defer broker.Close()
		var diags diag.Diagnostics
		s := newSession(settings{Address: types.StringValue(broker.URL), Organization: types.StringValue(strings.Repeat("ab", 32))}, &diags)
		if diags.HasError() {
			t.Fatal(diags.Errors()[0].Detail())
		}
		_, err := s.viewSince(t.Context(), stateless{}, func(*roster.Roster) error { t.Error("it saw a roster"); return nil })
		if err == nil || errors.Is(err, roster.ErrRevoked) || errors.Is(err, roster.ErrUnknown) || !strings.Contains(err.Error(), "so it is") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
