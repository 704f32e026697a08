#include "sandbox/stripe/pages/card_form.h"

#include "sandbox/html.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/test_cards.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kFields =
    R"html(<label for="number">Card number</label>
<input id="number" name="number" inputmode="numeric" autocomplete="off" required
 aria-describedby="number-help">
<p id="number-help" class="soft">Only Stripe's test numbers: 4242 4242 4242 4242 pays.</p>
<details><summary>Other test numbers</summary><ul>
<li>4000 0000 0000 0002 is declined</li>
<li>4000 0000 0000 0341 can be kept, and is declined when it is charged</li>
<li>4000 0000 0000 9995 has no money</li>
<li>4000 0027 6000 3184 asks the bank each time (3-D Secure)</li>
<li>5555 5555 5555 4444 is a Mastercard</li>
</ul></details>
)html";

}  // namespace

std::string card_form(std::string_view action, std::string_view button, std::string_view look) {
    return post_form(action, std::string(kFields), button, look);
}

Outcome<Json> keep_typed_card(Context& ctx, const std::string& number,
                              const std::string& customer) {
    std::string digits;
    for (const char c : number)
        if (c >= '0' && c <= '9') digits += c;
    const TestCard* card = card_by_number(digits);
    if (card == nullptr) return declined(incorrect_number());
    return attach_payment_method(ctx, card_payment_method(ctx, *card), customer);
}

}  // namespace turnpike::twin
