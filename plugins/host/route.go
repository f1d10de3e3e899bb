package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"
	"github.com/hashicorp/go-multierror"
	"github.com/hashicorp/vault/sdk/logical"
)

// handler serves Vault's HTTP API: a few system paths, and the mount.
func (h *Host) handler() http.Handler {
	mux := http.NewServeMux() // cleans paths, as Vault's does
	h.addSystemPaths(mux)
	mux.HandleFunc("/v1/", h.serveAPI)
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, h.Banner())
	})
	noStore := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
	return cleanhttp.PrintablePathCheckHandler(noStore, nil)
}

// serveAPI answers one request to the mount, or to a route that does not exist.
func (h *Host) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if err != nil {
		respondRequestError(w, err)
		return
	}
	if r.URL.Query().Get("help") != "" || r.Method == "HELP" {
		h.serveHelp(w, r)
		return
	}
	req, err := newRequest(r, body)
	if err != nil {
		respondRequestError(w, err)
		return
	}
	// The plug-in's context ends when the client goes away or the time is up,
	// but it has no deadline that the plug-in could see: so it is in Vault.
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	timer := time.AfterFunc(h.config.MaxRequestDuration, cancel)
	defer timer.Stop()

	resp, err := h.handle(ctx, req)
	respond(w, r, req, resp, err)
}

// serveHelp answers `vault path-help`.
func (h *Host) serveHelp(w http.ResponseWriter, r *http.Request) {
	req := &logical.Request{
		Operation:  logical.HelpOperation,
		Path:       strings.TrimPrefix(r.URL.Path, "/v1/"),
		Headers:    r.Header.Clone(),
		Connection: connection(r),
	}
	resp, err := h.handle(r.Context(), req)
	if err != nil || resp == nil {
		respond(w, r, req, resp, err)
		return
	}
	respondJSON(w, http.StatusOK, resp.Data)
}

// handle checks the token and passes the request to the plug-in. It returns
// what Vault would: a response, an error or both, from which respond makes the
// HTTP answer.
func (h *Host) handle(ctx context.Context, req *logical.Request) (*logical.Response, error) {
	if strings.HasSuffix(req.Path, "/") && (req.Operation == logical.UpdateOperation || req.Operation == logical.PatchOperation) {
		return logical.ErrorResponse("cannot write to a path ending in '/'"), nil
	}
	full := req.Path
	relative, mounted := strings.CutPrefix(full, h.mount.path)
	if full+"/" == h.mount.path { // "stillvault" is routed to "stillvault/"
		relative, mounted = "", true
	}
	unauth, sudo, _ := h.mount.special()
	login := mounted && req.Operation != logical.HelpOperation && unauth.contains(relative)
	needsSudo := mounted && sudo.contains(relative)

	token, err := h.identify(req)
	if err != nil && !login {
		return logical.ErrorResponse(err.Error()), err
	}
	if login && needsSudo {
		return logical.ErrorResponse("cannot access root path in unauthenticated request"), logical.ErrInvalidRequest
	}
	if mounted {
		h.address(req, relative)
		if err := h.settleWrite(ctx, req); err != nil {
			return nil, multierror.Append(nil, err)
		}
	}
	if !login && !token.allows(req.Operation, full, h.mount.path, needsSudo) {
		denied := multierror.Append(nil, logical.ErrPermissionDenied)
		return logical.ErrorResponse(denied.Error()), denied
	}
	if !mounted {
		return logical.ErrorResponse(fmt.Sprintf("no handler for route %q. route entry not found.", full)), logical.ErrUnsupportedPath
	}
	req.Unauthenticated = login
	resp, err := h.mount.handleRequest(ctx, req)
	if login {
		return h.finish(req, resp, err)
	}
	if err != nil {
		err = multierror.Append(nil, err)
	}
	if resp != nil {
		resp.MountType = h.mount.kind
	}
	return h.finish(req, resp, err)
}

// settleWrite decides whether a write creates or updates, by the engine's own
// existence check.
func (h *Host) settleWrite(ctx context.Context, req *logical.Request) error {
	if req.Operation != logical.UpdateOperation {
		return nil
	}
	exists, err := h.mount.exists(ctx, req)
	switch {
	case errors.Is(err, logical.ErrUnsupportedPath): // the request itself will say so
	case err != nil:
		h.logger.Error("the existence check failed", "error", err)
		return errInternal
	case !exists:
		req.Operation = logical.CreateOperation
	}
	return nil
}

// errInternal is Vault's word for what it logs and does not tell.
var errInternal = errors.New("internal error")

// identify finds the request's token, replaces it by what the plug-in may see,
// and takes the token's headers away. For no token or an unknown one it returns
// what Vault answers to that.
func (h *Host) identify(req *logical.Request) (*tokenEntry, error) {
	secret, from := requestToken(req.Headers)
	delete(req.Headers, "X-Vault-Token")
	if from == "Authorization" {
		delete(req.Headers, from)
	}
	req.ClientToken = h.tokens.hidden(secret)
	token := h.tokens.find(secret)
	switch {
	case secret == "":
		return nil, logical.ErrPermissionDenied
	case token == nil:
		return nil, multierror.Append(logical.ErrPermissionDenied, logical.ErrInvalidToken)
	}
	req.ClientTokenAccessor = token.accessor
	req.EntityID = token.entityID()
	req.DisplayName = token.DisplayName
	return token, nil
}

// address fills in what says where in the mount the request goes.
func (h *Host) address(req *logical.Request, relative string) {
	req.Path = relative
	req.MountPoint = h.mount.path
	req.MountType = h.mount.kind
	req.MountAccessor = h.mount.accessor
	req.Headers = pickHeaders(req.Headers, h.config.PassthroughRequestHeaders)
}

// finish makes of the plug-in's answer what Vault would, and refuses what only
// a Vault can do.
func (h *Host) finish(req *logical.Request, resp *logical.Response, err error) (*logical.Response, error) {
	if resp == nil {
		return nil, err
	}
	resp.Headers = pickHeaders(resp.Headers, h.config.AllowedResponseHeaders)
	if err != nil || resp.IsError() {
		return resp, err
	}
	switch {
	case resp.Auth != nil:
		return nil, logical.CodedError(http.StatusNotImplemented, "the development host cannot issue tokens; use a real Vault for this path")
	case resp.Secret != nil:
		return nil, logical.CodedError(http.StatusNotImplemented, "the development host keeps no leases; use a real Vault for this path")
	case req.WrapInfo != nil && req.WrapInfo.TTL > 0:
		return nil, logical.CodedError(http.StatusNotImplemented, "the development host cannot wrap responses; leave -wrap-ttl out or use a real Vault")
	}
	return resp, nil
}

// pickHeaders returns those headers whose names are in names, in any case.
func pickHeaders(headers map[string][]string, names []string) map[string][]string {
	picked := map[string][]string{}
	for name, values := range headers {
		for _, wanted := range names {
			if strings.EqualFold(name, wanted) {
				picked[name] = values
			}
		}
	}
	if len(picked) == 0 {
		return nil
	}
	return picked
}
