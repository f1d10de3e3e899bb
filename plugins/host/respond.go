package host

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/vault/sdk/logical"
)

// respond writes the HTTP answer for what a request led to.
func respond(w http.ResponseWriter, r *http.Request, req *logical.Request, resp *logical.Response, err error) {
	if resp != nil {
		for name, values := range resp.Headers {
			for _, value := range values {
				w.Header().Add(name, value)
			}
		}
		if len(resp.Headers) > 0 && resp.Secret == nil && len(resp.Data) == 0 && len(resp.Warnings) == 0 && resp.Redirect == "" {
			resp = nil // nothing but headers: Vault answers as if it were empty
		}
	}
	if status, err := logical.RespondErrorCommon(req, resp, err); status != 0 || err != nil {
		if resp != nil && resp.Data["data"] != nil {
			logical.RespondErrorAndData(w, status, resp.Data["data"], err)
			return
		}
		logical.RespondError(w, status, err)
		return
	}
	switch {
	case resp == nil:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNoContent)
	case resp.Redirect != "":
		http.Redirect(w, r, resp.Redirect, http.StatusTemporaryRedirect)
	case resp.Data[logical.HTTPStatusCode] != nil:
		respondRaw(w, resp)
	default:
		answer := logical.LogicalResponseToHTTPResponse(resp)
		answer.RequestID = req.ID
		respondJSON(w, http.StatusOK, answer)
	}
}

// respondRequestError answers a request that never reached the plug-in.
func respondRequestError(w http.ResponseWriter, err error) {
	var bad *requestError
	if !errors.As(err, &bad) {
		logical.RespondError(w, http.StatusInternalServerError, err)
		return
	}
	logical.RespondError(w, bad.status, bad.reason)
}

// respondJSON writes body as JSON with a newline, as Vault does.
func respondJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(body)
}

// respondRaw writes a response that brings its own status, type and body.
func respondRaw(w http.ResponseWriter, resp *logical.Response) {
	status, contentType, body, err := rawParts(resp)
	if err != nil {
		w.Header().Set("X-Vault-Raw-Error", err.Error())
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	for key, header := range map[string]string{
		logical.HTTPCacheControlHeader:    "Cache-Control",
		logical.HTTPPragmaHeader:          "Pragma",
		logical.HTTPWWWAuthenticateHeader: "WWW-Authenticate",
	} {
		if value, ok := resp.Data[key].(string); ok {
			w.Header().Set(header, value)
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func rawParts(resp *logical.Response) (status int, contentType string, body []byte, err error) {
	if resp.Secret != nil || resp.Auth != nil {
		return 0, "", nil, fmt.Errorf("raw responses cannot contain secrets or auth")
	}
	// Over the plug-in's wire every number is a float64 and every []byte is
	// base64 text.
	switch value := resp.Data[logical.HTTPStatusCode].(type) {
	case float64:
		status = int(value)
	case int:
		status = value
	default:
		return 0, "", nil, fmt.Errorf("cannot decode status code")
	}
	if status < 100 || status > 999 {
		return 0, "", nil, fmt.Errorf("status code %d is not one of HTTP's", status)
	}
	rawType, given := resp.Data[logical.HTTPContentType]
	contentType, isString := rawType.(string)
	switch {
	case given && !isString:
		return 0, "", nil, fmt.Errorf("cannot decode content type")
	case !given && status != http.StatusNoContent:
		return 0, "", nil, fmt.Errorf("no content type given")
	case status == http.StatusNoContent:
		return status, contentType, nil, nil
	}
	switch value := resp.Data[logical.HTTPRawBody].(type) {
	case nil:
	case []byte:
		body = value
	case string:
		if body, err = base64.StdEncoding.DecodeString(value); err != nil {
			body = []byte(value) // as it is: so Vault, too, reads the ambiguity
		}
	default:
		return 0, "", nil, fmt.Errorf("cannot decode body")
	}
	return status, contentType, body, nil
}
