// Uses the client that openapi-generator generates for Java; see tests/clients/lifecycle.py.

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.ObjectMapper;

import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.ConversationsApi;
import org.openapitools.client.model.ApiError;
import org.openapitools.client.model.Conversation;
import org.openapitools.client.model.ConversationPage;
import org.openapitools.client.model.CreateConversation;
import org.openapitools.client.model.UpdateConversation;

public final class OpenapiGeneratorJava {
    private static final int ATTEMPTS = 20;

    private final ApiClient client = new ApiClient();
    private final ConversationsApi api;

    private OpenapiGeneratorJava(String address, String token) {
        client.updateBaseUri(address);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
        api = new ConversationsApi(client);
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, Object> seen = new OpenapiGeneratorJava(arguments[0], arguments[1]).lifecycle();
        OpenapiGeneratorJava failing = new OpenapiGeneratorJava(arguments[0], arguments[2]);
        seen.put("errors", failing.errors());
        // The mapper of the client leaves out null.
        System.out.println(new ObjectMapper().writeValueAsString(seen));
    }

    private Map<String, Object> lifecycle() throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        Conversation created = api.createConversation(new CreateConversation().contactId("WAz8eIbvDR60rouK"));
        String id = created.getId();
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("id", id);
        shown.put("contact_id", created.getContactId());
        shown.put("group_id", created.getGroupId());
        shown.put("is_muted", created.getIsMuted());
        seen.put("created", shown);
        seen.put("listed", ids());
        seen.put("retrieved", state(id));
        api.updateConversation(id, new UpdateConversation().isMuted(true).archivedAt(253402300799L));
        seen.put("updated", state(id));
        api.updateConversation(id, new UpdateConversation().archivedAt(null));
        seen.put("cleared", state(id));
        api.deleteConversation(id);
        seen.put("missing", errorOf(() -> api.retrieveConversation(id)));
        seen.put("refused", errorOf(() -> api.createConversation(new CreateConversation())));
        return seen;
    }

    private List<String> ids() throws ApiException {
        List<String> found = new ArrayList<>();
        ConversationPage page;
        do {
            String last = found.isEmpty() ? null : found.get(found.size() - 1);
            page = api.listConversations(50, null, null, null, null, last, null);
            page.getData().forEach(conversation -> found.add(conversation.getId()));
        } while (page.getHasMore());
        return found;
    }

    private Map<String, Object> state(String id) throws ApiException {
        Conversation found = api.retrieveConversation(id);
        Map<String, Object> shown = new LinkedHashMap<>();
        shown.put("id", found.getId());
        shown.put("contact_id", found.getContactId());
        shown.put("is_muted", found.getIsMuted());
        shown.put("archived_at", found.getArchivedAt());
        return shown;
    }

    private Map<String, Object> errors() throws Exception {
        String id = "xgQQXg3hrtjh7AvZ";
        Map<String, Object> found = new LinkedHashMap<>();
        CreateConversation body = new CreateConversation().contactId("a");
        found.put("createConversation", errorsOf(() -> api.createConversation(body)));
        found.put("listConversations", errorsOf(() -> api.listConversations(null, null, null, null, null, null, null)));
        found.put("retrieveConversation", errorsOf(() -> api.retrieveConversation(id)));
        found.put("updateConversation", errorsOf(() -> api.updateConversation(id, new UpdateConversation())));
        found.put("deleteConversation", errorsOf(() -> api.deleteConversation(id)));
        return found;
    }

    private List<Object> errorsOf(Call call) throws Exception {
        List<Object> found = new ArrayList<>();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Object error = errorOf(call);
            if (error == null) {
                break;
            }
            found.add(error);
        }
        return found;
    }

    private Map<String, Object> errorOf(Call call) throws Exception {
        try {
            call.make();
        } catch (ApiException exception) {
            ApiError error = client.getObjectMapper().readValue(exception.getResponseBody(), ApiError.class);
            return Map.of("status", exception.getCode(), "type", error.getType(), "message", error.getMessage());
        }
        return null;
    }

    private interface Call {
        void make() throws ApiException;
    }
}
