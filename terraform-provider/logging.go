package main

import (
	"os"
	"strings"
)

// The framework's own logs, which it writes at its finest level unless told
// otherwise, for Terraform to throw away.
var frameworkLogs = []string{"TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_SDK_FRAMEWORK"}

// quiet turns the framework's logs off where nobody reads them: where no variable
// of Terraform's asks for a log. Writing and reading them takes as long as all
// else that a plan of many resources does.
func quiet() {
	for _, set := range os.Environ() {
		if strings.HasPrefix(set, "TF_LOG") {
			return
		}
	}
	for _, name := range frameworkLogs {
		_ = os.Setenv(name, "off")
	}
}
