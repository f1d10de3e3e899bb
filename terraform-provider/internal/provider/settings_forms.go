package provider

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/filename"
	"github.com/stillvault/stillvault/plugins/signer"
)

// forms refuses what could not be used later, in the middle of an apply, as far as
// that shows without opening anything.
func (s *settings) forms(address string, diags *diag.Diagnostics) {
	if err := broker.CheckAddress(or(s.Address, vault.EnvVaultAddress)); err != nil {
		diags.AddAttributeError(path.Root("address"), "Not an address of Vault", err.Error())
	}
	if address != "" {
		if _, err := signer.ParseAddress(address); err != nil {
			diags.AddAttributeError(path.Root("signer"), "Not a signer's address", err.Error())
		}
	}
	s.pinned(diags)
	if text := or(s.MountID, mountIDVariable); text != "" {
		if _, err := parseMountID(text); err != nil {
			diags.AddAttributeError(path.Root("mount_id"), "Not a mount's id", err.Error())
		}
	}
	s.consumerKeyThere(diags)
}

// pinned refuses a pin that is configured as nothing, as an empty variable or file
// does it: it would switch off the environment's, without a word.
func (s *settings) pinned(diags *diag.Diagnostics) {
	for name, pin := range map[string]types.String{"organization": s.Organization, "minimum_head": s.MinimumHead, "mount_id": s.MountID, "home": s.Home} {
		if !pin.IsNull() && strings.TrimSpace(pin.ValueString()) == "" {
			diags.AddAttributeError(path.Root(name), "A pin that holds nothing", "This is set, and empty. Give its value; leave it out, or null, where none is meant: then the environment variable for it counts.")
		}
	}
}

// consumerKeyThere refuses a consumer's key file that is none. What should name it
// may be the key itself, which is not repeated.
func (s *settings) consumerKeyThere(diags *diag.Diagnostics) {
	file := or(s.ConsumerKeyFile, consumerKeyFileVariable)
	if file == "" {
		return
	}
	_, err := os.Stat(file)
	if err == nil {
		return
	}
	about := fmt.Sprintf("%s; make one with `stillvault consumer keygen`, or leave consumer_key_file and %s out where no secret is read or written.", filename.Error(err), consumerKeyFileVariable)
	if !filename.Plain(file) {
		about += fmt.Sprintf(" The text of such a file belongs in %s.", consumerKeyVariable)
	}
	diags.AddAttributeError(path.Root("consumer_key_file"), "No consumer key there", about)
}

// parseMountID reads a mount's id.
func parseMountID(text string) (envelope.ID, error) {
	id, err := envelope.ParseID(text)
	if err != nil {
		return id, fmt.Errorf("%q is no UUID in lower case: give the mount's own id, as stillvault_mount has it, the mount's stillvault_consumer, or `vault read MOUNT/mount`", text)
	}
	return id, nil
}

// parseHead reads SEQ:HASH.
func parseHead(text string) (roster.Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return roster.Head{}, fmt.Errorf("a head is SEQ:HASH, a statement's number and its hash, as `stillvault org show` prints them: %q is no number", number)
	}
	h, err := envelope.ParseHash(hash)
	if err != nil {
		return roster.Head{}, fmt.Errorf("a head is SEQ:HASH, a statement's number and its hash, as `stillvault org show` prints them: %s", noHash(hash))
	}
	if h.IsZero() {
		return roster.Head{}, errors.New("a head is SEQ:HASH, and no statement's hash is zero")
	}
	return roster.Head{Seq: seq, Hash: h}, nil
}

// noHash says what a text lacks that is no hash.
func noHash(text string) string {
	if len(text) != 2*envelope.HashSize {
		return fmt.Sprintf("%.80q has %d characters, and wanted are %d hexadecimal digits", text, len(text), 2*envelope.HashSize)
	}
	return fmt.Sprintf("%q is not hexadecimal digits in lower case", text)
}
