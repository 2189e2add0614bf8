//! The shapes of the platforms' APIs, as their documentation has them.

use serde_json::{Value, json};

use crate::register::fake_api::{Hook, Page, Paging, Shapes};

const KEY: &str = crate::register::SIGNING_KEY;
const TOKEN: &str = "the-credential-of-the-tests";
const BEARER: &[(&str, &str)] = &[("authorization", "Bearer the-credential-of-the-tests")];

/// No list has pages, and nothing is ever switched off.
const PLAIN: Shapes = Shapes {
    platform: "",
    shop: None,
    host: "",
    path: "",
    headers: BEARER,
    environment: &[],
    refusal: || (401, json!({"message": "Unauthorized"})),
    read: |_| None,
    created: |_| (201, json!({})),
    listed: |_| json!({}),
    list: |page| json!(page.items),
    paging: Paging::None,
    activates: None,
    one: |id| format!("/nowhere/{id}"),
    given_key: None,
    none: None,
};

pub(crate) static APIS: &[Shapes] = &[
    // https://developer.squareup.com/reference/square/webhook-subscriptions-api
    Shapes {
        platform: "square",
        host: "connect.squareup.com",
        path: "/v2/webhooks/subscriptions",
        environment: &[("SQUARE_ACCESS_TOKEN", TOKEN)],
        refusal: || {
            let error = json!({
                "category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED",
                "detail": "This request could not be authorized.",
            });
            (401, json!({"errors": [error]}))
        },
        read: |body| {
            let webhook = &body["subscription"];
            Some((text(&webhook["notification_url"])?, texts(&webhook["event_types"])?))
        },
        created: |hook| {
            let mut subscription = square(hook);
            subscription["signature_key"] = json!(hook.key);
            (200, json!({"subscription": subscription}))
        },
        listed: square,
        list: |page| match page.cursor {
            Some(cursor) => json!({"subscriptions": page.items, "cursor": cursor}),
            None => json!({"subscriptions": page.items}),
        },
        paging: Paging::After("cursor"),
        activates: Some(("PUT", |body| body["subscription"]["enabled"] == true)),
        one: |id| format!("/v2/webhooks/subscriptions/{id}"),
        ..PLAIN
    },
    // https://developer.bigcommerce.com/docs/rest-management/webhooks
    Shapes {
        platform: "bigcommerce",
        shop: Some("https://store-abc123.mybigcommerce.com/manage/dashboard"),
        host: "api.bigcommerce.com",
        path: "/stores/abc123/v3/hooks",
        headers: &[("x-auth-token", TOKEN)],
        environment: &[("BIGCOMMERCE_ACCESS_TOKEN", TOKEN)],
        refusal: || (401, json!({"status": 401, "title": "Invalid API credentials"})),
        read: |body| Some((text(&body["destination"])?, vec![text(&body["scope"])?])),
        created: |hook| (200, json!({"data": bigcommerce(hook), "meta": {}})),
        listed: bigcommerce,
        list: |Page { items, number, pages, .. }| {
            let pagination = json!({"current_page": number, "total_pages": pages});
            json!({"data": items, "meta": {"pagination": pagination}})
        },
        paging: Paging::Number("page"),
        activates: Some(("PUT", |body| body["is_active"] == true)),
        one: |id| format!("/stores/abc123/v3/hooks/{id}"),
        ..PLAIN
    },
    // https://docs.stripe.com/api/webhook_endpoints
    Shapes {
        platform: "stripe",
        host: "api.stripe.com",
        path: "/v1/webhook_endpoints",
        environment: &[("STRIPE_SECRET_KEY", TOKEN)],
        refusal: || {
            let error =
                json!({"message": "Invalid API Key provided", "type": "invalid_request_error"});
            (401, json!({"error": error}))
        },
        read: |form| Some((text(&form["url"][0])?, texts(&form["enabled_events[]"])?)),
        created: |hook| {
            let mut endpoint = stripe(hook);
            endpoint["secret"] = json!(hook.key);
            (200, endpoint)
        },
        listed: stripe,
        list: |page| json!({"object": "list", "data": page.items, "has_more": page.cursor.is_some()}),
        paging: Paging::After("starting_after"),
        activates: Some(("POST", |form| form["disabled"][0] == "false")),
        one: |id| format!("/v1/webhook_endpoints/{id}"),
        ..PLAIN
    },
    // https://developer.paddle.com/api-reference/notification-settings
    Shapes {
        platform: "paddle",
        host: "api.paddle.com",
        path: "/notification-settings",
        environment: &[("PADDLE_API_KEY", TOKEN)],
        refusal: || {
            let detail = "Authentication header included, but incorrectly formatted";
            let error = json!({"type": "request_error", "code": "invalid_token", "detail": detail});
            (401, json!({"error": error}))
        },
        read: |body| {
            let is_whole = body["type"] == "url" && body["description"].is_string();
            let events = texts(&body["subscribed_events"])?;
            is_whole.then_some((text(&body["destination"])?, events))
        },
        created: |hook| {
            let mut setting = paddle(hook);
            setting["endpoint_secret_key"] = json!(hook.key);
            (201, json!({"data": setting, "meta": {}}))
        },
        listed: paddle,
        list: |page| json!({"data": page.items, "meta": {"pagination": {"has_more": page.cursor.is_some()}}}),
        paging: Paging::After("after"),
        activates: Some(("PATCH", |body| body["active"] == true)),
        one: |id| format!("/notification-settings/{id}"),
        ..PLAIN
    },
    // https://developers.squarespace.com/commerce-apis/webhook-subscriptions-overview
    Shapes {
        platform: "squarespace",
        host: "api.squarespace.com",
        path: "/1.0/webhook_subscriptions",
        environment: &[("SQUARESPACE_ACCESS_TOKEN", TOKEN)],
        refusal: || {
            let message = "You are not authorized to perform that action.";
            (401, json!({"type": "AUTHORIZATION_ERROR", "message": message}))
        },
        read: |body| Some((text(&body["endpointUrl"])?, texts(&body["topics"])?)),
        created: |hook| {
            let mut subscription = squarespace(hook);
            subscription["secret"] = json!(hook.key);
            (201, subscription)
        },
        listed: squarespace,
        list: |page| json!({"webhookSubscriptions": page.items}),
        one: |id| format!("/1.0/webhook_subscriptions/{id}"),
        ..PLAIN
    },
    // https://docs.lemonsqueezy.com/api/webhooks
    Shapes {
        platform: "lemonsqueezy",
        shop: Some("7"),
        host: "api.lemonsqueezy.com",
        path: "/v1/webhooks",
        headers: &[BEARER[0], ("accept", "application/vnd.api+json")],
        environment: &[("LEMONSQUEEZY_API_KEY", TOKEN), ("SIGNING_KEY", KEY)],
        refusal: || {
            let error =
                json!({"detail": "Unauthenticated.", "status": "401", "title": "Unauthorized"});
            (401, json!({"errors": [error]}))
        },
        read: |body| {
            let store = json!({"type": "stores", "id": "7"});
            let data = &body["data"];
            let is_whole =
                data["type"] == "webhooks" && data["relationships"]["store"]["data"] == store;
            let attributes = &data["attributes"];
            is_whole.then_some((text(&attributes["url"])?, texts(&attributes["events"])?))
        },
        created: |hook| (201, json!({"data": lemonsqueezy(hook)})),
        listed: lemonsqueezy,
        list: |Page { items, number, pages, .. }| {
            let page = json!({"currentPage": number, "lastPage": pages});
            json!({"data": items, "meta": {"page": page}})
        },
        paging: Paging::Number("page[number]"),
        activates: Some(("PATCH", |body| {
            body["data"]["type"] == "webhooks"
                && body["data"]["id"].is_string()
                && body["data"]["attributes"]["secret"] == KEY
        })),
        one: |id| format!("/v1/webhooks/{id}"),
        given_key: Some("/data/attributes/secret"),
        ..PLAIN
    },
    // https://dev.nuvemshop.com.br/en/docs/erp-guide/orders/webhooks
    Shapes {
        platform: "nuvemshop",
        shop: Some("123"),
        host: "api.nuvemshop.com",
        path: "/v1/123/webhooks",
        headers: &[("authentication", "bearer the-credential-of-the-tests")],
        environment: &[("NUVEMSHOP_ACCESS_TOKEN", TOKEN)],
        refusal: || {
            let description = "Invalid access token";
            (401, json!({"code": 401, "message": "Unauthorized", "description": description}))
        },
        read: |body| Some((text(&body["url"])?, vec![text(&body["event"])?])),
        created: |hook| (201, nuvemshop(hook)),
        listed: nuvemshop,
        one: |id| format!("/v1/123/webhooks/{id}"),
        ..PLAIN
    },
    // https://developers.webflow.com/data/reference/webhooks/create
    Shapes {
        platform: "webflow",
        shop: Some("580e63e98c9a982ac9b8b741"),
        host: "api.webflow.com",
        path: "/v2/sites/580e63e98c9a982ac9b8b741/webhooks",
        environment: &[("WEBFLOW_TOKEN", TOKEN)],
        refusal: || (401, json!({"code": "not_authorized", "message": "Request not authorized"})),
        read: |body| Some((text(&body["url"])?, vec![text(&body["triggerType"])?])),
        created: |hook| {
            let mut webhook = webflow(hook);
            webhook["secretKey"] = json!(hook.key);
            (201, webhook)
        },
        listed: webflow,
        list: |page| {
            let total = page.items.len();
            json!({"webhooks": page.items, "pagination": {"limit": 100, "offset": 0, "total": total}})
        },
        one: |id| format!("/v2/webhooks/{id}"),
        ..PLAIN
    },
    // https://x-series-api.lightspeedhq.com/reference/createwebhook
    Shapes {
        platform: "lightspeed",
        shop: Some("tea-house.retail.lightspeed.app"),
        host: "tea-house.retail.lightspeed.app",
        path: "/api/2026-07/webhooks",
        environment: &[("LIGHTSPEED_ACCESS_TOKEN", TOKEN)],
        refusal: || (401, json!({"error": "Unauthorized"})),
        read: |body| {
            let event = text(&body["type"])?;
            (body["active"] == true).then_some((text(&body["url"])?, vec![event]))
        },
        created: |hook| (201, json!({"data": lightspeed(hook)})),
        listed: lightspeed,
        list: |page| json!({"data": page.items}),
        activates: Some(("PUT", |body| body["active"] == true && body["type"] == "sale.update")),
        one: |id| format!("/api/2026-07/webhooks/{id}"),
        ..PLAIN
    },
    // https://developer.shopline.com/docs/admin-rest-api/webhook/subscribe-to-a-webhook
    Shapes {
        platform: "shopline",
        shop: Some("tea-house.myshopline.com"),
        host: "tea-house.myshopline.com",
        path: "/admin/openapi/v20260601/webhooks.json",
        environment: &[("SHOPLINE_ACCESS_TOKEN", TOKEN)],
        refusal: || (401, json!({"errors": "Access token is invalid"})),
        read: |body| {
            let webhook = &body["webhook"];
            let is_whole = webhook["api_version"] == "v20260601";
            is_whole.then_some((text(&webhook["address"])?, vec![text(&webhook["topic"])?]))
        },
        created: |hook| (200, json!({"webhook": shopline(hook)})),
        listed: shopline,
        list: |page| json!({"webhooks": page.items}),
        one: |id| format!("/admin/openapi/v20260601/{id}/webhooks.json"),
        ..PLAIN
    },
    // https://developers.vtex.com/docs/api-reference/orders-api
    Shapes {
        platform: "vtex",
        shop: Some("teahouse.myvtex.com"),
        host: "teahouse.vtexcommercestable.com.br",
        path: "/api/orders/hook/config",
        headers: &[("x-vtex-api-appkey", "vtexappkey-teahouse"), ("x-vtex-api-apptoken", TOKEN)],
        environment: &[
            ("VTEX_APP_KEY", "vtexappkey-teahouse"),
            ("VTEX_APP_TOKEN", TOKEN),
            ("SIGNING_KEY", KEY),
        ],
        refusal: || (401, json!({"error": {"code": "1", "message": "Acesso não autorizado"}})),
        read: |body| {
            let is_whole = body["filter"]["type"] == "FromWorkflow";
            is_whole.then_some((text(&body["hook"]["url"])?, texts(&body["filter"]["status"])?))
        },
        created: |_| (200, json!({})),
        listed: |hook| {
            json!({
                "filter": {"type": "FromWorkflow", "status": hook.events},
                "hook": {"url": hook.url, "headers": {"x-api-key": hook.key}},
            })
        },
        list: only,
        given_key: Some("/hook/headers/x-api-key"),
        none: Some(|| (404, json!({}))),
        ..PLAIN
    },
    // https://www.hubrise.com/developers/api/callbacks
    Shapes {
        platform: "hubrise",
        host: "api.hubrise.com",
        path: "/v1/callback",
        headers: &[("x-access-token", TOKEN)],
        environment: &[("HUBRISE_ACCESS_TOKEN", TOKEN)],
        refusal: || {
            let message = "The access token is invalid or the connection has been revoked";
            (401, json!({"message": message, "error_type": "unauthorized"}))
        },
        read: |body| Some((text(&body["url"])?, texts(&body["events"]["order"])?)),
        created: |hook| (200, json!({"url": hook.url, "events": {"order": hook.events}})),
        listed: |hook| json!({"url": hook.url, "events": {"order": hook.events}}),
        list: only,
        none: Some(|| (200, json!({"url": null, "events": {}}))),
        ..PLAIN
    },
];

fn square(hook: &Hook) -> Value {
    json!({
        "id": hook.id, "name": "a webhook", "enabled": hook.is_active, "event_types": hook.events,
        "notification_url": hook.url, "api_version": "2026-01-22",
    })
}

fn bigcommerce(hook: &Hook) -> Value {
    json!({
        "id": hook.id.parse::<u64>().unwrap(), "client_id": "c", "store_hash": "abc123",
        "scope": hook.events[0], "destination": hook.url, "headers": null, "is_active": hook.is_active,
    })
}

fn stripe(hook: &Hook) -> Value {
    let status = if hook.is_active { "enabled" } else { "disabled" };
    json!({
        "id": hook.id, "object": "webhook_endpoint", "enabled_events": hook.events, "status": status,
        "livemode": true, "url": hook.url,
    })
}

fn paddle(hook: &Hook) -> Value {
    let events = hook.events.iter().map(|name| json!({"name": name, "group": "Transaction"}));
    json!({
        "id": hook.id, "description": "a webhook", "type": "url", "destination": hook.url,
        "active": hook.is_active, "subscribed_events": events.collect::<Vec<_>>(),
    })
}

fn squarespace(hook: &Hook) -> Value {
    json!({"id": hook.id, "endpointUrl": hook.url, "topics": hook.events})
}

fn lemonsqueezy(hook: &Hook) -> Value {
    let attributes =
        json!({"store_id": 7, "url": hook.url, "events": hook.events, "test_mode": false});
    json!({"type": "webhooks", "id": hook.id, "attributes": attributes})
}

fn nuvemshop(hook: &Hook) -> Value {
    json!({"id": hook.id.parse::<u64>().unwrap(), "event": hook.events[0], "url": hook.url})
}

fn webflow(hook: &Hook) -> Value {
    json!({"id": hook.id, "triggerType": hook.events[0], "siteId": "s", "url": hook.url})
}

fn lightspeed(hook: &Hook) -> Value {
    json!({"id": hook.id, "active": hook.is_active, "type": hook.events[0], "url": hook.url})
}

fn shopline(hook: &Hook) -> Value {
    json!({
        "id": hook.id.parse::<u64>().unwrap(), "address": hook.url, "topic": hook.events[0],
        "api_version": "v20260601",
    })
}

/// The one webhook that there is.
fn only(mut page: Page) -> Value {
    page.items.remove(0)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// A list of texts that is not empty.
fn texts(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    list.iter().map(text).collect()
}
