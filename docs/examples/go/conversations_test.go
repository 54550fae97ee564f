// Run by: protocol-sandbox exec --strict-worlds -- go test ./...

package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

// Create is the code under test: it tries again when the API is not available.
func Create(baseURL, token, contactID string) (int, error) {
	status := 0
	for attempt := 0; attempt < 3; attempt++ {
		body := strings.NewReader(url.Values{"contact_id": {contactID}}.Encode())
		request, err := http.NewRequest("POST", baseURL+"/conversations", body)
		if err != nil {
			return 0, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		response.Body.Close()
		if status = response.StatusCode; status != http.StatusServiceUnavailable {
			break
		}
	}
	return status, nil
}

// world declares a world of this test's own and returns its base URL.
func world(t *testing.T) string {
	var declared struct{ URL string }
	admin(t, os.Getenv("SANDBOX_URL")+"/__admin/worlds", `{"scenario": "blank"}`, &declared)
	return declared.URL
}

// admin calls the control API: a GET, or with a body a POST.
func admin(t *testing.T, url, body string, answer any) {
	t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 400 {
		t.Fatal(response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}

func TestCreateIsTriedAgain(t *testing.T) {
	t.Parallel()
	sandbox := world(t)
	var rule struct{ ID string }
	admin(t, sandbox+"/__admin/faults", `{"times": 2, "fault": {"type": "status", "status": 503}}`, &rule)
	if status, err := Create(sandbox+"/v1", "the-app", "WAz8eIbvDR60rouK"); err != nil || status != 201 {
		t.Fatal(status, err)
	}
	var received struct{ Count int }
	admin(t, sandbox+"/__admin/requests/count?operation=createConversation", "", &received)
	if received.Count != 3 {
		t.Fatal(received.Count)
	}
}

func TestAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	sandbox := world(t)
	var rule struct{ ID string }
	admin(t, sandbox+"/__admin/faults", `{"preset": "outage"}`, &rule)
	if status, err := Create(sandbox+"/v1", "the-app", "a"); err != nil || status != 503 {
		t.Fatal(status, err)
	}
}
