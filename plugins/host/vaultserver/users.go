package vaultserver

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/hashicorp/vault/api"
)

// User is somebody who logged in with a user name and a password, which is
// what gives a token an entity.
type User struct {
	// Name is the user name, and the entity's name.
	Name string
	// Password is random and serves `vault login -method=userpass`.
	Password string
	// Token is the result of a first login.
	Token string
	// EntityID is Vault's id of the identity behind Token.
	EntityID string
}

// AddUser creates a user who logs in through userpass, which it enables at
// its first call, and an entity of the same name, and logs the user in. The
// policies are names of ACL policies; they need not exist yet.
func (s *Server) AddUser(ctx context.Context, name string, policies ...string) (User, error) {
	client, err := s.Client()
	if err != nil {
		return User{}, err
	}
	accessor, err := s.enableUserpass(ctx, client)
	if err != nil {
		return User{}, err
	}
	user := User{Name: name, Password: rand.Text()}
	_, err = client.Logical().WriteWithContext(ctx, "auth/userpass/users/"+name, map[string]any{
		"password": user.Password, "token_policies": policies,
	})
	if err != nil {
		return User{}, fmt.Errorf("creating vault user %q: %w", name, err)
	}
	if user.EntityID, err = addEntity(ctx, client, name, accessor); err != nil {
		return User{}, err
	}
	if user.Token, err = s.login(ctx, user); err != nil {
		return User{}, err
	}
	return user, nil
}

// TokenWithoutEntity creates a token that no login made, so that no identity
// stands behind it.
func (s *Server) TokenWithoutEntity(ctx context.Context, policies ...string) (string, error) {
	client, err := s.Client()
	if err != nil {
		return "", err
	}
	token, err := client.Auth().Token().CreateOrphanWithContext(ctx, &api.TokenCreateRequest{Policies: policies})
	if err != nil {
		return "", fmt.Errorf("creating a vault token without an entity: %w", err)
	}
	return token.Auth.ClientToken, nil
}

// enableUserpass returns the accessor of the userpass mount.
func (s *Server) enableUserpass(ctx context.Context, client *api.Client) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.userpass != "" {
		return s.userpass, nil
	}
	err := client.Sys().EnableAuthWithOptionsWithContext(ctx, "userpass", &api.EnableAuthOptions{Type: "userpass"})
	if err != nil {
		return "", fmt.Errorf("enabling userpass in vault: %w", err)
	}
	mount, err := client.Sys().GetAuthWithContext(ctx, "userpass")
	if err != nil {
		return "", fmt.Errorf("reading vault's userpass mount: %w", err)
	}
	s.userpass = mount.Accessor
	return s.userpass, nil
}

// addEntity makes the entity before the first login would, because that would
// name it by a random number, and approvers are shown the name.
func addEntity(ctx context.Context, client *api.Client, name, accessor string) (string, error) {
	entity, err := client.Logical().WriteWithContext(ctx, "identity/entity", map[string]any{"name": name})
	if err != nil {
		return "", fmt.Errorf("creating vault entity %q: %w", name, err)
	}
	// Vault answers without data when an entity of that name exists.
	if entity == nil || entity.Data == nil {
		if entity, err = client.Logical().ReadWithContext(ctx, "identity/entity/name/"+name); err != nil {
			return "", fmt.Errorf("reading vault entity %q: %w", name, err)
		}
	}
	id, ok := entity.Data["id"].(string)
	if !ok {
		return "", fmt.Errorf("reading vault entity %q: the answer holds no id", name)
	}
	_, err = client.Logical().WriteWithContext(ctx, "identity/entity-alias", map[string]any{
		"name": name, "canonical_id": id, "mount_accessor": accessor,
	})
	if err != nil {
		return "", fmt.Errorf("linking vault entity %q to its login: %w", name, err)
	}
	return id, nil
}

// login logs the user in and checks that the token carries the entity.
func (s *Server) login(ctx context.Context, user User) (string, error) {
	client, err := s.ClientWith("")
	if err != nil {
		return "", err
	}
	answer, err := client.Logical().WriteWithContext(ctx, "auth/userpass/login/"+user.Name,
		map[string]any{"password": user.Password})
	if err != nil {
		return "", fmt.Errorf("logging vault user %q in: %w", user.Name, err)
	}
	if answer == nil || answer.Auth == nil || answer.Auth.EntityID != user.EntityID {
		return "", fmt.Errorf("logging vault user %q in: the token does not carry the entity %s", user.Name, user.EntityID)
	}
	return answer.Auth.ClientToken, nil
}
