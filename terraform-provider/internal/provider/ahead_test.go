package provider

import "testing"

func TestAPolicyThatComesIsNotMissed(t *testing.T) {
	var a ahead
	if a.covers("prod/db") {
		t.Error("nothing covers it, and something does")
	}
	a.policyComes("prod/*")
	if !a.covers("prod/db") || a.covers("test/db") {
		t.Error("a pattern that is planned covers what it should not, or not what it should")
	}
	a.policyComes("") // not known yet
	if !a.covers("test/db") {
		t.Error("a pattern that is not known may cover it, and does not")
	}
}
