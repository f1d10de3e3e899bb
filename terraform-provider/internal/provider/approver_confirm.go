package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/keyring"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
)

var (
	// errNoAnswer means that there is nothing to compare words with.
	errNoAnswer = errors.New("the broker shows no answer of theirs")
	// errEarlierKeys means that words are of keys that were in force, and replaced.
	errEarlierKeys = errors.New("the words are of keys that were replaced since")
	// errOtherKeys means that somebody is in force by other keys than those of the
	// device that the words are of.
	errOtherKeys = errors.New("other_keys_admitted: the keys in force are not those of the device with these words, so somebody else may have answered in their name, and approve in it; " +
		"have the person read all eight out again, from their own screen. If they still differ, and they did not replace their keys since")
)

// confirm compares words that are given for somebody who is in force already, as
// after an import.
func (a *approverResource) confirm(ctx context.Context, plan *approverModel, id envelope.ID, diags *diag.Diagnostics) {
	at, name, mount := path.Root("fingerprint"), plan.Name.ValueString(), a.session.broker.Mount()
	switch err := a.compare(ctx, id, plan.Fingerprint.ValueString()); {
	case errors.Is(err, errNoAnswer), errors.Is(err, errEarlierKeys):
		diags.AddAttributeWarning(at, fmt.Sprintf("Words of approver %q could not be compared", name), fmt.Sprintf(
			"approver %q is in force, and %s: that the keys in force are of the device with these words was not found out, though the state has the words from now on. "+
				"Where nobody compared them when the keys were admitted, have the person replace their keys (`%s`), and compare the words of those.",
			name, err, onMount(mount, "stillvault", "approver", "enroll", name, "--rekey")))
	case errors.Is(err, errOtherKeys):
		diags.AddAttributeError(at, fmt.Sprintf("Approver %q may be somebody else", name), fmt.Sprintf(
			"approver %q is in force: %s, run `%s`, and have them enrol anew.", name, err, onMount(mount, "stillvault", "approver", "revoke", name)))
	case err != nil:
		diags.AddAttributeError(at, fmt.Sprintf("Cannot confirm approver %q", name), fmt.Sprintf("approver %q is in force: %s", name, err))
	}
}

// compare says why words are not known to be of the keys that an approver has.
func (a *approverResource) compare(ctx context.Context, id envelope.ID, words string) error {
	e, err := a.session.answered(ctx, func(e broker.Enrolment) bool { return e.Approver == id }, words)
	switch {
	case errors.Is(err, errUnanswered):
		return errNoAnswer
	case errors.Is(err, errWords):
		return errOtherKeys
	case err != nil:
		return err
	}
	return a.session.view(ctx, func(r *roster.Roster) error { return sameKeys(r, id, e) })
}

// sameKeys says why the keys of an answer, which the words are of, are not those of an
// approver. Only the broker says whose answer it is, and that it was admitted.
func sameKeys(r *roster.Roster, id envelope.ID, e roster.Enrolment) error {
	who, err := r.Approver(id)
	if err != nil {
		return err
	}
	signing, err := who.SigningKey(e.Generation)
	switch {
	case err != nil, e.Approver != id, e.Signing != signing:
		return errOtherKeys
	case e.Generation != who.Generation:
		return errEarlierKeys
	case who.Holds(keyring.Public{KEM: e.KEM, Signing: e.Signing}) != nil:
		return errOtherKeys
	}
	return nil
}
