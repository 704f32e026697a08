#include "sandbox/chaos/webhook_chaos.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "sandbox/chaos/store.h"

namespace turnpike::twin {
namespace {

using State = Fate::State;
using Sendings = std::vector<Sending>;

/// One look at what is due for one endpoint.
class Look {
public:
    Look(sql::Transaction& tx, const ChaosPlan& plan, const Mailbox& mailbox, Instant now)
        : tx_(tx), plan_(plan), mailbox_(mailbox), now_(now) {}
    Sendings next();

private:
    Sendings meet(const Delivery& delivery);
    Sendings resume(const Delivery& delivery, Fate fate);
    Sendings strike(std::size_t rule, const Delivery& delivery, const std::string& type);
    Sendings let_go(Fate fate, const Delivery& delivery);

    std::optional<Sendings> follow_script(std::size_t rule, const Delivery& delivery,
                                          const std::string& type);
    Sendings resume_script(Fate fate, const Delivery& delivery);
    void finish_step(std::size_t rule, ScriptProgress progress);
    void give_up_script(std::size_t rule);

    std::optional<std::size_t> open_burst(const Occasion& occasion);
    Sendings gather(std::size_t rule, const Delivery& delivery, const std::string& type);
    Sendings release_burst(std::size_t rule);
    void let_overtaken_go(const Sendings& leaving);

    /// Held back until `wait` is over at the latest.
    void hold(std::size_t rule, const Delivery& delivery, const std::string& type, State state);
    void record(std::size_t rule, const std::string& about) {
        add_strike(tx_, rule);
        record_happened(
            tx_,
            {.at = now_, .rule = rule, .misfortune = rule_at(rule).misfortune, .about = about});
    }
    [[nodiscard]] const ChaosRule& rule_at(std::size_t rule) const { return plan_.rules.at(rule); }
    [[nodiscard]] Fate fate_of(const Delivery& delivery, std::size_t rule, State state,
                               const std::string& type) const {
        return {.delivery = delivery.id,
                .endpoint = mailbox_.endpoint,
                .tries = delivery.tries,
                .rule = rule,
                .state = state,
                .type = type};
    }

    sql::Transaction& tx_;
    const ChaosPlan& plan_;
    const Mailbox& mailbox_;
    const Instant now_;
};

Sendings Look::next() {
    while (const auto delivery = load_due_delivery(tx_, mailbox_.endpoint, now_)) {
        const auto fate = load_fate(tx_, delivery->id);
        auto leaving =
            fate && fate->tries == delivery->tries ? resume(*delivery, *fate) : meet(*delivery);
        if (leaving.empty()) continue;  // it is not due any more
        let_overtaken_go(leaving);
        return leaving;
    }
    return {};
}

Sendings Look::meet(const Delivery& delivery) {
    const auto type = mailbox_.type_of(delivery);
    const bool is_first = delivery.tries == 0;
    Occasion occasion{.traffic = Traffic::Webhooks,
                      .about = type,
                      .endpoint = {mailbox_.endpoint, mailbox_.url},
                      .place = "endpoint " +
                               std::to_string(endpoint_number(tx_, mailbox_.endpoint)) + " " +
                               type + (is_first ? "" : " again")};
    occasion.nth = count_occasion(tx_, occasion.place);
    if (is_first) {
        if (const auto burst = open_burst(occasion)) return gather(*burst, delivery, type);
    }
    const auto strikes = load_strikes(tx_, plan_.rules.size());
    for (auto rule = choose_rule(plan_, strikes, occasion); rule;
         rule = choose_rule(plan_, strikes, occasion, *rule + 1)) {
        if (rule_at(*rule).order.empty()) return strike(*rule, delivery, type);
        if (!is_first) continue;
        if (auto followed = follow_script(*rule, delivery, type)) return *std::move(followed);
    }
    return {{.delivery = delivery}};
}

Sendings Look::resume(const Delivery& delivery, Fate fate) {
    switch (fate.state) {
        case State::Struck: return {{.delivery = delivery, .misfortune = rule_at(fate.rule)}};
        case State::Held:
        case State::Overtaken: return let_go(std::move(fate), delivery);
        case State::Gathering: return release_burst(fate.rule);
        case State::Scripted: return resume_script(std::move(fate), delivery);
        case State::Released: return {{.delivery = delivery}};
    }
    return {};
}

Sendings Look::let_go(Fate fate, const Delivery& delivery) {
    fate.state = State::Released;
    save_fate(tx_, fate);
    return {{.delivery = delivery}};
}

void Look::hold(std::size_t rule, const Delivery& delivery, const std::string& type, State state) {
    save_fate(tx_, fate_of(delivery, rule, state, type));
    postpone_delivery(tx_, delivery.id, now_ + std::max<Duration>(rule_at(rule).wait, Duration(1)));
}

Sendings Look::strike(std::size_t rule, const Delivery& delivery, const std::string& type) {
    const auto misfortune = rule_at(rule).misfortune;
    record(rule, type);
    if (misfortune == Misfortune::Burst) return gather(rule, delivery, type);
    if (misfortune == Misfortune::Drop) {
        save_attempt(tx_, delivery, {.tried_at = now_, .note = "dropped by chaos"}, std::nullopt);
        return {};
    }
    if (misfortune == Misfortune::Delay || misfortune == Misfortune::Reorder) {
        hold(rule, delivery, type,
             misfortune == Misfortune::Delay ? State::Held : State::Overtaken);
        return {};
    }
    save_fate(tx_, fate_of(delivery, rule, State::Struck, type));
    return {{.delivery = delivery, .misfortune = rule_at(rule)}};
}

/// nullopt: the script does not concern this one.
std::optional<Sendings> Look::follow_script(std::size_t rule, const Delivery& delivery,
                                            const std::string& type) {
    const auto& order = rule_at(rule).order;
    const auto progress = load_progress(tx_, rule, mailbox_.endpoint);
    if (progress.rounds >= rule_at(rule).next) return std::nullopt;
    if (order[progress.position] == type) {
        save_fate(tx_, fate_of(delivery, rule, State::Released, type));
        finish_step(rule, progress);
        return Sendings{{.delivery = delivery}};
    }
    const auto held = load_fates(tx_, mailbox_.endpoint, State::Scripted);
    const auto waiting = std::ranges::count_if(
        held, [&](const Fate& fate) { return fate.rule == rule && fate.type == type; });
    const auto rest = order.begin() + static_cast<std::ptrdiff_t>(progress.position);
    if (std::count(rest, order.end(), type) <= waiting) return std::nullopt;
    hold(rule, delivery, type, State::Scripted);
    return Sendings{};
}

/// Either its place has come, or its time is over.
Sendings Look::resume_script(Fate fate, const Delivery& delivery) {
    const auto progress = load_progress(tx_, fate.rule, mailbox_.endpoint);
    if (rule_at(fate.rule).order[progress.position] != fate.type) {
        give_up_script(fate.rule);
        return {};
    }
    const auto rule = fate.rule;
    auto leaving = let_go(std::move(fate), delivery);
    finish_step(rule, progress);
    return leaving;
}

/// The type at the script's position leaves; what was held for the place after it is due.
void Look::finish_step(std::size_t rule, ScriptProgress progress) {
    const auto& order = rule_at(rule).order;
    record_happened(tx_, {.at = now_,
                          .rule = rule,
                          .misfortune = Misfortune::Reorder,
                          .about = order[progress.position]});
    ++progress.position;
    if (progress.position == order.size()) {
        add_strike(tx_, rule);
        progress = {.position = 0, .rounds = progress.rounds + 1};
    }
    save_progress(tx_, rule, mailbox_.endpoint, progress);
    for (const auto& fate : load_fates(tx_, mailbox_.endpoint, State::Scripted)) {
        if (fate.rule != rule || fate.type != order[progress.position]) continue;
        postpone_delivery(tx_, fate.delivery, now_);
        return;
    }
}

/// Somebody has waited too long for an event that did not come: they all go, as they are.
void Look::give_up_script(std::size_t rule) {
    for (auto& fate : load_fates(tx_, mailbox_.endpoint, State::Scripted)) {
        if (fate.rule != rule) continue;
        fate.state = State::Released;
        save_fate(tx_, fate);
        postpone_delivery(tx_, fate.delivery, now_);
    }
    const auto progress = load_progress(tx_, rule, mailbox_.endpoint);
    const auto& missing = rule_at(rule).order[progress.position];
    record_happened(tx_, {.at = now_,
                          .rule = rule,
                          .misfortune = Misfortune::Reorder,
                          .about = "given up: " + missing + " did not come"});
    add_strike(tx_, rule);
    save_progress(tx_, rule, mailbox_.endpoint, {.position = 0, .rounds = progress.rounds + 1});
}

/// A burst that is being gathered, if this one belongs to it.
std::optional<std::size_t> Look::open_burst(const Occasion& occasion) {
    for (const auto& fate : load_fates(tx_, mailbox_.endpoint, State::Gathering))
        if (is_about(rule_at(fate.rule), occasion)) return fate.rule;
    return std::nullopt;
}

Sendings Look::gather(std::size_t rule, const Delivery& delivery, const std::string& type) {
    hold(rule, delivery, type, State::Gathering);
    const auto gathered = load_fates(tx_, mailbox_.endpoint, State::Gathering);
    const auto count = std::ranges::count(gathered, rule, &Fate::rule);
    return count < rule_at(rule).count ? Sendings{} : release_burst(rule);
}

Sendings Look::release_burst(std::size_t rule) {
    Sendings burst;
    for (auto& fate : load_fates(tx_, mailbox_.endpoint, State::Gathering)) {
        if (fate.rule != rule) continue;
        fate.state = State::Released;
        save_fate(tx_, fate);
        postpone_delivery(tx_, fate.delivery, now_);
        auto delivery = load_delivery(tx_, fate.delivery);
        check(delivery.has_value(), "what has a fate is queued");
        burst.push_back({.delivery = *std::move(delivery)});
    }
    return burst;
}

void Look::let_overtaken_go(const Sendings& leaving) {
    for (auto& fate : load_fates(tx_, mailbox_.endpoint, State::Overtaken)) {
        const bool leaves = std::ranges::any_of(
            leaving, [&](const Sending& s) { return s.delivery.id == fate.delivery; });
        if (leaves) continue;
        fate.state = State::Released;
        save_fate(tx_, fate);
        postpone_delivery(tx_, fate.delivery, now_);
    }
}

}  // namespace

std::vector<Sending> next_sendings(sql::Transaction& tx, const ChaosPlan& plan,
                                   const Mailbox& mailbox, Instant now) {
    return Look(tx, plan, mailbox, now).next();
}

}  // namespace turnpike::twin
