// Uses the client that openapi-generator generates for Go; see tests/clients/lifecycle.py.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"

	openapi "github.com/GIT_USER_ID/GIT_REPO_ID"
)

const attempts = 20

type object = map[string]any

func main() {
	address, token, failingToken := os.Args[1], os.Args[2], os.Args[3]
	seen := lifecycle(open(address, token))
	seen["errors"] = allErrors(open(address, failingToken))
	check(json.NewEncoder(os.Stdout).Encode(seen))
}

func open(address, token string) (*openapi.ConversationsAPIService, context.Context) {
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: address}}
	ctx := context.WithValue(context.Background(), openapi.ContextAccessToken, token)
	return openapi.NewAPIClient(configuration).ConversationsAPI, ctx
}

func lifecycle(api *openapi.ConversationsAPIService, ctx context.Context) object {
	body := openapi.CreateConversation{}
	body.SetContactId("WAz8eIbvDR60rouK")
	created, _, err := api.CreateConversation(ctx).CreateConversation(body).Execute()
	check(err)
	id := created.Id
	seen := object{"created": object{
		"id": id, "contact_id": created.ContactId.Get(), "group_id": created.GroupId.Get(), "is_muted": created.IsMuted,
	}}
	seen["listed"] = ids(api, ctx)
	seen["retrieved"] = state(api, ctx, id)
	change := openapi.UpdateConversation{}
	change.SetIsMuted(true)
	change.SetArchivedAt(253402300799)
	_, _, err = api.UpdateConversation(ctx, id).UpdateConversation(change).Execute()
	check(err)
	seen["updated"] = state(api, ctx, id)
	change = openapi.UpdateConversation{}
	change.SetArchivedAtNil()
	_, _, err = api.UpdateConversation(ctx, id).UpdateConversation(change).Execute()
	check(err)
	seen["cleared"] = state(api, ctx, id)
	_, err = api.DeleteConversation(ctx, id).Execute()
	check(err)
	_, response, err := api.RetrieveConversation(ctx, id).Execute()
	seen["missing"] = errorOf(response, err)
	_, response, err = api.CreateConversation(ctx).CreateConversation(openapi.CreateConversation{}).Execute()
	seen["refused"] = errorOf(response, err)
	return seen
}

func ids(api *openapi.ConversationsAPIService, ctx context.Context) []string {
	found := []string{}
	request := api.ListConversations(ctx).Limit(50)
	for {
		page, _, err := request.Execute()
		check(err)
		for _, conversation := range page.Data {
			found = append(found, conversation.Id)
		}
		if !page.HasMore {
			return found
		}
		request = api.ListConversations(ctx).Limit(50).StartingAfter(found[len(found)-1])
	}
}

func state(api *openapi.ConversationsAPIService, ctx context.Context, id string) object {
	found, _, err := api.RetrieveConversation(ctx, id).Execute()
	check(err)
	return object{
		"id": found.Id, "contact_id": found.ContactId.Get(), "is_muted": found.IsMuted, "archived_at": found.ArchivedAt.Get(),
	}
}

func allErrors(api *openapi.ConversationsAPIService, ctx context.Context) object {
	const id = "xgQQXg3hrtjh7AvZ"
	body := openapi.CreateConversation{}
	body.SetContactId("a")
	return object{
		"createConversation": errorsOf(func() (*http.Response, error) {
			_, response, err := api.CreateConversation(ctx).CreateConversation(body).Execute()
			return response, err
		}),
		"listConversations": errorsOf(func() (*http.Response, error) {
			_, response, err := api.ListConversations(ctx).Execute()
			return response, err
		}),
		"retrieveConversation": errorsOf(func() (*http.Response, error) {
			_, response, err := api.RetrieveConversation(ctx, id).Execute()
			return response, err
		}),
		"updateConversation": errorsOf(func() (*http.Response, error) {
			change := openapi.UpdateConversation{}
			_, response, err := api.UpdateConversation(ctx, id).UpdateConversation(change).Execute()
			return response, err
		}),
		"deleteConversation": errorsOf(func() (*http.Response, error) {
			return api.DeleteConversation(ctx, id).Execute()
		}),
	}
}

func errorsOf(call func() (*http.Response, error)) []object {
	found := []object{}
	for range attempts {
		response, err := call()
		if err == nil {
			break
		}
		found = append(found, errorOf(response, err))
	}
	return found
}

func errorOf(response *http.Response, err error) object {
	var failure *openapi.GenericOpenAPIError
	if !errors.As(err, &failure) {
		log.Fatalf("The call did not fail as documented: %v", err)
	}
	model, ok := failure.Model().(openapi.ApiError)
	if !ok {
		log.Fatalf("The error has another model: %T", failure.Model())
	}
	return object{"status": response.StatusCode, "type": model.Type, "message": model.Message}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
