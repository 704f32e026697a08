#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "billing/telling/trial_reminders.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "json/value.h"
#include "notices/letter.h"
#include "notices/templates.h"

namespace turnpike {

/// What is written to customers, over the real adapter and the real twin.
class BillingLettersTest : public BillingTest {
protected:
    struct Letter {
        std::string obligation, state;
        Json values;
        std::string text;  ///< as its reader has it, but for whose name is not known here
    };
    CustomerId with_address(const CustomerId& customer) {
        ledger->write_blocking([&](sql::Transaction& tx) {
            tx.run("UPDATE customers SET email = 'alice@example.com', name = 'Alice' WHERE id = $1",
                   {customer});
            return true;
        });
        return customer;
    }
    /// Oldest first.
    std::vector<Letter> letters(std::string_view kind) {
        return ledger->read_blocking([&](sql::Transaction& tx) {
            std::vector<Letter> found;
            for (const auto& row : tx.all("SELECT obligation, state, data FROM notices "
                                          "WHERE kind = $1 ORDER BY created_at, id",
                                          {kind})) {
                Letter letter{row.text(0), row.text(1), *parse_json(row.text(2)), ""};
                letter.text = rendered(kind, letter.values).text;
                found.push_back(std::move(letter));
            }
            return found;
        });
    }
    static RenderedLetter rendered(std::string_view kind, const Json& json) {
        LetterValues values{{"seller", "Example Ltd"}};
        for (const auto& [name, value] : json.items()) values[name] = value.get<std::string>();
        for (const auto& file : notice_templates())
            if (file.name == std::string(kind) + ".txt") return render_letter(file.text, values);
        ADD_FAILURE() << "there is no letter " << kind;
        return {};
    }
    std::int64_t write_trials() { return world.run(remind_of_trials(world.billing)); }
    Subscription on_trial(const CustomerId& customer, TrialWish trial,
                          std::optional<std::string> card = "pm_card_visa") {
        auto request = world.start_request(customer, "pro");
        request.payment_method = std::move(card);
        request.trial = trial;
        request.quantity = 2;
        const auto started = world.run(start_subscription(world.billing, std::move(request)));
        EXPECT_TRUE(started) << started.error().message;
        return *started;
    }
    void pass() {
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    }
};

}  // namespace turnpike
