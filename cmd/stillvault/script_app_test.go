package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/stillvault/stillvault/plugins/phone"
)

// scriptCondition knows "app": this program holds the phone app. Where nothing
// may be left out, its absence is an error.
func scriptCondition(name string) (bool, error) {
	if name != "app" {
		return false, fmt.Errorf("no condition is called %q", name)
	}
	if !phone.Built() && os.Getenv("CI") == "true" {
		return false, errors.New("the phone app is not built; run `make phone`")
	}
	return phone.Built(), nil
}
