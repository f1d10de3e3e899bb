package desk

import (
	"errors"
	"strings"
)

// Errors of this package, returned wrapped with what was being done. The first
// word of each is its name, as in core.
var (
	// ErrArguments means that the page and this program do not fit together.
	ErrArguments = errors.New("arguments_invalid: the page asked for something that this version cannot do; reload the page")
	// ErrKept means that what is stored on the device cannot be read.
	ErrKept = errors.New("stored_state_invalid: what this device stored cannot be read; sign out here, and restore from the backup file or ask for a new link")
	// ErrLink means that a link is not one, or not whole.
	ErrLink = errors.New("link_invalid: this is not a whole enrolment link; open it again as it was given to you, or ask for a new one")
	// ErrNoLink means that something needs a link, or a backup, to begin with.
	ErrNoLink = errors.New("link_absent: open the enrolment link that you were given first")
	// ErrEnrolled means that the device is an approver's already.
	ErrEnrolled = errors.New("already_enrolled: this device is enrolled; sign out first to enrol it anew")
	// ErrNotEnrolled means that something needs an enrolled device.
	ErrNotEnrolled = errors.New("not_enrolled: this device is not enrolled yet; finish the steps of the enrolment first")
	// ErrNotAdmitted means that the organisation has not admitted the device yet.
	ErrNotAdmitted = errors.New("not_admitted: the organisation has not admitted this device yet; ask whoever invited you")
	// ErrDeviceName means that a device cannot be called that.
	ErrDeviceName = errors.New("device_name_invalid: use 1 to 64 bytes of printable text")
	// ErrOrder means that a step of the enrolment came before the one it needs.
	ErrOrder = errors.New("step_out_of_order: an earlier step of the enrolment is missing, or was lost by a reload; go back to it")
	// ErrUserVerification means that a gesture was made without biometric or PIN.
	ErrUserVerification = errors.New("user_verification_missing: the authenticator did not check who you are; use one with a fingerprint, face or PIN")
	// ErrGesture means that a gesture was made for something else.
	ErrGesture = errors.New("gesture_mismatch: this gesture was not made for this; try again")
	// ErrGestureExpired means that a gesture took too long.
	ErrGestureExpired = errors.New("gesture_expired: the gesture took longer than five minutes; try again")
	// ErrNoPRF means that an authenticator gave no PRF output.
	ErrNoPRF = errors.New("prf_missing: this authenticator cannot derive keys (the WebAuthn PRF extension); use another one, or another browser")
	// ErrPassword means that a password is missing or blank.
	ErrPassword = errors.New("password_unusable: the recovery password may not be empty")
	// ErrRecoveryKey means that a text is no recovery key.
	ErrRecoveryKey = errors.New("recovery_key_invalid: type all 43 characters of the recovery key as they are printed")
	// ErrBackup means that a backup file is not one of this app.
	ErrBackup = errors.New("backup_invalid: this is not a backup file that this app made; choose another file, or enrol with a new link")
	// ErrNoRequest means that nothing waits under a hash.
	ErrNoRequest = errors.New("request_absent: this request does not wait here any more; it may have ended")
	// ErrReason means that a reason cannot be sent.
	ErrReason = errors.New("reason_invalid: use at most 512 bytes of printable text")
	// ErrDeviceRevoked means that the organisation took the device back.
	ErrDeviceRevoked = errors.New("device_revoked: the organisation no longer admits this device; sign out here, and ask for a new link if that is wrong")
	// ErrApproverRevoked means that the organisation took the approver back.
	ErrApproverRevoked = errors.New("approver_revoked: the organisation no longer has this approver; sign out here, and ask the organisation's signer if that is wrong")
	// ErrOvertaken means that this device signed what it does not remember.
	ErrOvertaken = errors.New("device_overtaken: this device has signed answers that it does not remember: its storage was put back to an earlier day, or something else has its keys; it answers nothing any more, so sign out here, have it revoked, and add it anew")
	// ErrHandover means that no handover is under way, or another one.
	ErrHandover = errors.New("handover_absent: no handover is under way here; begin again on both devices")
	// ErrOfferWords means that the words of a handover are not those of the device
	// that made the offer.
	ErrOfferWords = errors.New("offer_words_wrong: these are not the words of the device that answered; type what the new device shows, and if that is what you typed, somebody else answered the link: begin anew on both devices")
	// ErrKitMissing means that the broker keeps no recovery kit of the keyring.
	ErrKitMissing = errors.New("kit_missing: Vault keeps no copy of this keyring, so that password and recovery key would not be enough on a new device; save the backup file below, and keep it with the printed page")
	// ErrKitDiffers means that the recovery kit that the broker keeps is not of the
	// keyring that is here.
	ErrKitDiffers = errors.New("kit_differs: the copy that Vault keeps is not of the keyring on this device, so that it would not bring it back; save the backup file below, keep it with the printed page, and tell whoever runs Vault")
	// ErrRefused means that a broker refused for a reason without a name.
	ErrRefused = errors.New("broker_refused: the broker did not take the call")
)

// Internal is the name of an error that nobody gave one.
const Internal = "internal_error"

// Name returns the name of an error: the first word of the sentinel that it wraps,
// the first one where it wraps several.
func Name(err error) string {
	if name := nameOf(err); name != "" {
		return name
	}
	return Internal
}

func nameOf(err error) string {
	switch e := err.(type) {
	case nil:
		return ""
	case interface{ Unwrap() error }:
		return nameOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if name := nameOf(inner); name != "" {
				return name
			}
		}
		return ""
	}
	name, _, _ := strings.Cut(err.Error(), ":")
	if !isName(name) {
		return ""
	}
	return name
}

// isName says whether a text has the form of an error's name.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" && s[0] != '_'
}

// remedies say what to do about errors of core whose text does not.
var remedies = map[string]string{
	"prf_output_changed":     "this authenticator answers differently each time; use another one, or restore with the password and the recovery key",
	"wrong_factor":           "this passkey, password or recovery key does not open the keyring; try again, or use the other way",
	"password_unusable":      "the recovery password may not be empty",
	"envelope_does_not_open": "what arrived was made for another device, or altered on its way; try again",
	"signature_invalid":      "somebody altered it, or signed it with another key; do not approve it",
	"encoding_not_canonical": "what arrived is malformed; do not trust whoever sent it",
	"unknown_in_roster":      "the organisation does not know it, or not any more",
	"revoked":                "the organisation took it back",
	"statement_refused":      "the organisation's log, as it arrived, makes no sense; do not trust whoever sent it",
	Internal:                 "something went wrong that should not have; reload the page",
}

// Text returns an error as a person reads it, with what to do about it.
func Text(err error) string {
	name := Name(err)
	if name == Internal {
		// What it says was written by nobody who thought of this screen.
		return name + ": " + remedies[Internal]
	}
	text := err.Error()
	if remedy := remedies[name]; remedy != "" && !strings.Contains(text, name+": ") {
		text += ": " + remedy
	}
	return text
}

// nameIn returns the first part of a broker's text that has the form of a name: an
// error that crosses the network is its text, of which the name is what does not
// change.
func nameIn(text string) string {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ':' || r == ';' || r == '\n' }) {
		part = strings.TrimSpace(part)
		if isName(part) && (strings.Contains(part, "_") || part == "revoked" || part == "denied" || part == "draining") {
			return part
		}
	}
	return ""
}
