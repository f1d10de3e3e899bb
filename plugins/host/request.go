package host

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/hashicorp/go-secure-stdlib/parseutil"
	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/vault/sdk/helper/jsonutil"
	"github.com/hashicorp/vault/sdk/logical"
)

const (
	mergePatchType = "application/merge-patch+json"
	formType       = "application/x-www-form-urlencoded"
)

// jsonLimits are those of Vault 1.21; a body beyond them is refused.
var jsonLimits = jsonutil.JSONLimits{
	MaxDepth:             300,
	MaxStringValueLength: 1 << 20,
	MaxObjectEntryCount:  10_000,
	MaxArrayElementCount: 10_000,
	MaxTokens:            500_000,
}

// requestError is a request that cannot be understood, with the status to say so
// and, unless it is nil, the reason.
type requestError struct {
	status int
	reason error
}

// Error gives the reason, or else what the status means.
func (e *requestError) Error() string {
	if e.reason == nil {
		return http.StatusText(e.status)
	}
	return e.reason.Error()
}

// Unwrap returns the reason.
func (e *requestError) Unwrap() error { return e.reason }

// newRequest turns an HTTP request into the request that Vault would make of it.
// Its path is the full one, without "/v1/"; body is the whole HTTP body.
func newRequest(r *http.Request, body []byte) (*logical.Request, error) {
	id, err := uuid.GenerateUUID()
	if err != nil {
		return nil, fmt.Errorf("make a request id: %w", err)
	}
	req := &logical.Request{
		ID:         id,
		Path:       strings.TrimPrefix(r.URL.Path, "/v1/"),
		Headers:    r.Header.Clone(),
		Connection: connection(r),
	}
	if err := setOperation(req, r, body); err != nil {
		return nil, err
	}
	if req.Operation == logical.ListOperation && !strings.HasSuffix(req.Path, "/") {
		req.Path += "/"
	}
	return req, setWrapInfo(req, r.Header)
}

// setOperation sets the operation and the data that the method implies.
func setOperation(req *logical.Request, r *http.Request, body []byte) (err error) {
	query := r.URL.Query()
	switch r.Method {
	case http.MethodGet:
		req.Operation = logical.ReadOperation
		if value := query.Get("list"); value != "" {
			list, err := strconv.ParseBool(value)
			if err != nil {
				return &requestError{http.StatusBadRequest, nil}
			}
			if list {
				req.Operation = logical.ListOperation
				query.Del("list")
			}
		}
		req.Data = queryData(query)
	case "LIST":
		req.Operation = logical.ListOperation
		req.Data = queryData(query)
	case http.MethodDelete:
		req.Operation = logical.DeleteOperation
		req.Data = queryData(query)
	case http.MethodHead:
		req.Operation = logical.HeaderOperation
		req.Data = queryData(query)
	case http.MethodPost, http.MethodPut:
		req.Operation = logical.UpdateOperation
		req.Data, err = bodyData(r, body)
	case http.MethodPatch:
		req.Operation = logical.PatchOperation
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != mergePatchType {
			return &requestError{http.StatusUnsupportedMediaType,
				fmt.Errorf("PATCH requires Content-Type of %s, provided %s", mergePatchType, kind)}
		}
		req.Data, err = jsonData(body)
	case http.MethodOptions: // no operation: the engine will say that it has none
	default:
		return &requestError{http.StatusMethodNotAllowed, nil}
	}
	return err
}

// queryData makes data of query parameters: one value becomes a string, several
// a list. None at all make nil.
func queryData(query url.Values) map[string]any {
	data := map[string]any{}
	for name, values := range query {
		switch {
		case name == "help" || len(values) == 0:
		case len(values) == 1:
			data[name] = values[0]
		default:
			data[name] = values
		}
	}
	if len(data) == 0 {
		return nil
	}
	return data
}

// bodyData makes data of a JSON body or, as Vault does, of a form.
func bodyData(r *http.Request, body []byte) (map[string]any, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	start := bytes.TrimLeft(body, " \t\r\n")
	if err != nil || kind != formType || bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("[")) {
		return jsonData(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &requestError{http.StatusBadRequest, fmt.Errorf("error parsing form data")}
	}
	if len(form) == 0 {
		return nil, nil
	}
	data := make(map[string]any, len(form))
	for name, values := range form {
		data[name] = strings.Join(values, ",")
	}
	return data, nil
}

// jsonData decodes a JSON object, its numbers as json.Number. An empty body is
// no data.
func jsonData(body []byte) (map[string]any, error) {
	var data map[string]any
	err := jsonutil.DecodeJSONFromReader(bytes.NewReader(body), &data)
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, &requestError{http.StatusBadRequest, fmt.Errorf("error parsing JSON: failed to parse JSON input: %w", err)}
	}
	return data, nil
}

// readBody reads the whole body, at most maxRequestBytes, and holds it to
// Vault's limits on JSON. Reading it to its end is also what lets the HTTP
// server notice that the client has gone away.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		return nil, &requestError{http.StatusInternalServerError, err}
	}
	limit := int64(maxRequestBytes)
	if _, err := jsonutil.VerifyMaxDepthStreaming(bytes.NewReader(body), jsonLimits, &limit); err != nil {
		return nil, &requestError{http.StatusInternalServerError, err}
	}
	return body, nil
}

// setWrapInfo records that the client wants the response wrapped.
func setWrapInfo(req *logical.Request, header http.Header) error {
	value := header.Get("X-Vault-Wrap-TTL")
	if value == "" {
		return nil
	}
	ttl, err := parseutil.ParseDurationSecond(value)
	if err == nil && ttl < 0 {
		err = fmt.Errorf("requested wrap ttl cannot be negative")
	}
	if err != nil {
		return &requestError{http.StatusBadRequest, fmt.Errorf("error parsing X-Vault-Wrap-TTL header: %w", err)}
	}
	req.WrapInfo = &logical.RequestWrapInfo{TTL: ttl}
	if header.Get("X-Vault-Wrap-Format") == "jwt" {
		req.WrapInfo.Format = "jwt"
	}
	return nil
}

// connection is what the plug-in learns about where the request came from.
func connection(r *http.Request) *logical.Connection {
	c := &logical.Connection{ConnState: r.TLS}
	address, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return c
	}
	c.RemoteAddr = address
	c.RemotePort, _ = strconv.Atoi(port)
	return c
}

// requestToken returns the token that came with the request and the name of the
// header that carried it, both "" when there is none.
func requestToken(header http.Header) (token, from string) {
	if token := header.Get("X-Vault-Token"); token != "" {
		return token, "X-Vault-Token"
	}
	for _, value := range header.Values("Authorization") {
		if token, ok := strings.CutPrefix(value, "Bearer "); ok {
			return strings.TrimSpace(token), "Authorization"
		}
	}
	return "", ""
}
