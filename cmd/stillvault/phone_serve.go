package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/stillvault/stillvault/plugins/phone"
)

var (
	// ErrNeedsTLS means that the app would be served to other machines in a
	// form that anybody on the way can change.
	ErrNeedsTLS = errors.New("tls_needed: name a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy on this machine that has one")

	// ErrTLSPair means that one of two flags is missing.
	ErrTLSPair = errors.New("tls_pair: --tls-cert and --tls-key belong together; name both")
)

type phoneServeOptions struct {
	vault  string
	listen string
	site   string
	cert   string
	key    string
}

func (a *app) phoneServeCommand() *cobra.Command {
	var o phoneServeOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve the app from an origin of your own",
		Long: `Serve the app's files, with the headers that they need and nothing else, and say
what Vault has to be told once. It keeps no state and calls nobody; phones call
Vault themselves. A renewed certificate is taken up without a restart. It runs
until Ctrl-C.`,
		Example: `  stillvault phone serve --vault https://vault.example:8200 --listen :443 \
      --tls-cert approve.pem --tls-key approve-key.pem --origin https://approve.example
  stillvault phone serve --vault http://localhost:8200`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.servePhone(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.vault, "vault", "", vaultFlagHelp+" (default $VAULT_ADDR)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address to listen on")
	f.StringVar(&o.site, "origin", "", "where approvers open it, such as https://approve.example (default: this machine, by --listen)")
	f.StringVar(&o.cert, "tls-cert", "", "file of the certificate and its chain, PEM")
	f.StringVar(&o.key, "tls-key", "", "file of its private key, PEM")
	_ = c.MarkFlagFilename("tls-cert")
	_ = c.MarkFlagFilename("tls-key")
	return c
}

func (a *app) servePhone(ctx context.Context, o phoneServeOptions) error {
	if (o.cert == "") != (o.key == "") {
		return ErrTLSPair
	}
	if host, _, err := net.SplitHostPort(o.listen); o.cert == "" && (err != nil || !phone.Local(host)) {
		return fmt.Errorf("listen on %q: %w", o.listen, ErrNeedsTLS)
	}
	b, vault, err := a.ownBundle(o.vault)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: b.Handler(), MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
	}
	if o.cert != "" {
		pair := &renewedPair{cert: o.cert, key: o.key}
		if _, err := pair.get(nil); err != nil {
			return err
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
		server.Handler = strictTransport(server.Handler)
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return fmt.Errorf("listen for phones: %w; choose another address with --listen", err)
	}
	site, err := siteOf(o, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a.Say("%s", a.Bold("Serving the phone app "+b.Manifest().Version+" at "+site+"/, for the Vault at "+vault+"."))
	a.Say("  hash  %s", b.Hash())
	if err := a.explainOwn(site, vault); err != nil {
		return errors.Join(err, listener.Close())
	}
	a.Say("Ctrl-C stops it.")
	return serveUntil(ctx, server, listener)
}

// siteOf is where approvers open what is served at an address.
func siteOf(o phoneServeOptions, addr net.Addr) (string, error) {
	if o.site != "" {
		site, err := phone.Origin(o.site)
		if err != nil {
			return "", fmt.Errorf("--origin: %w", err)
		}
		return site, nil
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "", fmt.Errorf("read the address %s: %w", addr, err)
	}
	scheme := "http"
	if o.cert != "" {
		scheme = "https"
	}
	return phone.Origin(scheme + "://localhost:" + port) // a passkey cannot belong to an IP address
}

// serveUntil serves until the context ends, and lets the answers finish that
// are on their way.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener) error {
	stopped := make(chan error, 1)
	unwatch := context.AfterFunc(ctx, func() {
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(last)
	})
	var err error
	if server.TLSConfig != nil {
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if unwatch() {
		return fmt.Errorf("serve the phone app: %w", err)
	}
	return <-stopped
}

// strictTransport has browsers use nothing but TLS for this host from now on.
func strictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}
