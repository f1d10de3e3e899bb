package acceptance

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// callVault is "api METHOD PATH [JSON]" in a script: one call of Vault's API with the
// script's token, for what somebody else does to the mount. It prints the answer, and
// fails where that is not a success.
func callVault() {
	if err := call(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func call(args []string) error {
	if len(args) < 2 || len(args) > 3 {
		return fmt.Errorf("usage: api METHOD PATH [JSON]")
	}
	body := strings.Join(args[2:], "")
	req, err := http.NewRequest(args[0], os.Getenv("VAULT_ADDR")+"/v1/"+args[1], strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", os.Getenv("VAULT_TOKEN"))
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", args[0], args[1], answer.Status)
	}
	return nil
}
