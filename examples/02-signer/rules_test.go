package main

import "testing"

func TestARuleThatWouldNeverApplyIsRefused(t *testing.T) {
	for rule, good := range map[string]bool{
		"never=group.delete": true, "ask=consumer.set": true, "never=org.rotate": true,
		"ask=consumer.rename": false, "neve=group.delete": false, "ask": false, "": false, "never=": false,
	} {
		if err := checkRules([]string{"ask=checkpoint", rule}); (err == nil) != good {
			t.Errorf("%q: %v", rule, err)
		}
	}
}
