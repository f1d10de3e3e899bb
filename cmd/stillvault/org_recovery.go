package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/cmd/stillvault/internal/terminal"
	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/plugins/orglog"
	"github.com/stillvault/stillvault/plugins/signer/file"
)

// recovery is the key that can replace the Org Identity key, or only the public
// half of one that was made elsewhere.
type recovery struct {
	key    *envelope.SigningKey // nil where only public is here
	public envelope.VerifyKey
}

// newRecovery makes a key or, where public is not "", reads the half of one. It
// quotes nothing of what is no public key.
func newRecovery(public string) (recovery, error) {
	if public == "" {
		key := envelope.NewSigningKey(envelope.NewKey())
		return recovery{key, key.Public()}, nil
	}
	if err := orglog.RefuseRecoveryKey(public); err != nil {
		return recovery{}, err
	}
	var r recovery
	err := r.public.UnmarshalText([]byte(public))
	if err == nil {
		err = r.public.Check()
	}
	if err != nil {
		return recovery{}, fmt.Errorf("the recovery key's public half is not what `stillvault org recovery-keygen` prints, 43 characters of base64url: %w", err)
	}
	return r, nil
}

// handOut writes the recovery key to a new file or, where path is "", shows it.
func (a *app) handOut(r recovery, path string) error {
	if r.key == nil {
		return nil
	}
	text := orglog.FormatRecoveryKey(r.key.Seed())
	defer envelope.Wipe(text)
	if path != "" {
		line := append(text[:len(text):len(text)], '\n')
		defer envelope.Wipe(line)
		if err := file.CreatePrivate(path, line); err != nil {
			return fmt.Errorf("write the recovery key: %w", err)
		}
		a.Say("the recovery key is in %s: move it offline, and delete it here", path)
		return nil
	}
	a.Say("%s", a.Bold("The organisation's recovery key. It is shown this once and kept nowhere:"))
	a.Say("")
	a.Say("    %s", text)
	a.Say("")
	a.Say("Write it down, and keep it offline, apart from this machine. Should the Org Identity")
	a.Say("key be lost or stolen, this key alone can replace it; whoever has it can do so, too.")
	a.Say("")
	return nil
}

func (a *app) orgRecoveryKeygenCommand() *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "recovery-keygen",
		Short: "Make a recovery key for an organisation that is founded elsewhere",
		Long: `Make a recovery key, which can replace an organisation's identity key, on a
machine that may be offline. The key itself, which begins with svrecovery., is
shown once or written to a new file; what is printed is its public half, for
'org init --recovery-public-key' or for recovery_public_key of Terraform's
stillvault_organization. So the key never is where the organisation is founded.`,
		Example: `  stillvault org recovery-keygen
  stillvault org recovery-keygen --file /media/usb/stillvault-recovery --format json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			r, err := newRecovery("")
			if err != nil {
				return err
			}
			defer r.key.Wipe()
			if err := a.handOut(r, path); err != nil {
				return err
			}
			view := struct {
				PublicKey string `json:"recovery_public_key"`
			}{r.public.String()}
			return a.Print(view, func(rows *terminal.Rows) { rows.Row(view.PublicKey) })
		},
	}
	c.Flags().StringVar(&path, "file", "", "write the recovery key to this new file instead of showing it")
	return c
}
