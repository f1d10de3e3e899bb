package install_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stillvault/stillvault/plugins/install"
)

func TestWhatIsNoVersionOrNoChecksumIsRefused(t *testing.T) {
	sum := strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		declared install.Declared
		want     error
	}{
		"a version":            {install.Declared{Version: "v0.1.0", SHA256: sum}, nil},
		"a version before it":  {install.Declared{Version: "v0.2.0-rc.1", SHA256: sum}, nil},
		"without v":            {install.Declared{Version: "0.1.0", SHA256: sum}, install.ErrVersionForm},
		"no version":           {install.Declared{SHA256: sum}, install.ErrVersionForm},
		"a short checksum":     {install.Declared{Version: "v0.1.0", SHA256: sum[1:]}, install.ErrChecksum},
		"capital letters":      {install.Declared{Version: "v0.1.0", SHA256: strings.ToUpper(sum)}, install.ErrChecksum},
		"no checksum":          {install.Declared{Version: "v0.1.0"}, install.ErrChecksum},
		"a line after the sum": {install.Declared{Version: "v0.1.0", SHA256: sum + "\n"}, install.ErrChecksum},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.declared.Check(); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestAMountThatIsKeptNamesWhatKeepsIt(t *testing.T) {
	e := &install.HeldError{Path: "stillvault"}
	for i := range 53 {
		e.Secrets = append(e.Secrets, fmt.Sprintf("prod/%02d", i))
	}
	text := e.Error()
	if !errors.Is(e, install.ErrHolds) || !strings.Contains(text, "stillvault/ holds prod/00, prod/01") || !strings.Contains(text, "prod/49 and 3 more: mount_holds_secrets") {
		t.Errorf("it says %s", text)
	}
}
