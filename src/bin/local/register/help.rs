//! What `register --help` says besides the options: which platforms there are, and their credentials.

use std::fmt::Write as _;

use order_alerts::platform::Platform;

const EXAMPLES: &str = "\
Examples:
  cargo run -- register shopify --shop tea-house.myshopify.com
  cargo run -- register woocommerce --shop https://tea-house.example --event order.created
  cargo run -- register stripe --stack my-stack
  cargo run -- register generic --api https://orders.example/api/webhooks
  cargo run -- register shopify --shop tea-house.myshopify.com --list
  cargo run -- register shopify --shop tea-house.myshopify.com --remove

What is already registered for the same address and the same event is kept. --list shows all webhooks that the \
platform lists, and --remove removes those of this address. A signing key that the platform makes is stored in the \
stack's secret, or printed once if there is --url.

The address is that of the stack, or --url. `register` asks for the credentials and does not echo them. A script may \
put them into these environment variables, or into the lines of standard input in this order:";

const END: &str = "

--api: any API that takes a JSON document
  API_TOKEN: the credential of the API, if it needs one

The variables HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE and SSL_CERT_FILE are heeded.";

pub(super) fn text() -> String {
    let mut text = EXAMPLES.to_owned();
    for platform in Platform::names().filter_map(Platform::find) {
        let Some(table) = &platform.register else { continue };
        write!(text, "\n\n{}", platform.id).ok();
        if let Some(shop) = &table.shop {
            write!(text, ": --shop is {}", shop.is).ok();
        }
        for question in &table.ask {
            write!(text, "\n  {}: {}", question.variable, question.what).ok();
        }
        if let Some(token) = &table.token {
            write!(text, "\n  {}: an access token, in place of these", token.variable).ok();
        }
    }
    text + END
}
