#include "payments/stripe/fake_stripe.h"

#include <algorithm>
#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/encoding.h"

namespace turnpike::stripe {

namespace {

constexpr std::int64_t kNow = 1'726'358'400;  // 2024-09-15T00:00:00Z
constexpr std::chrono::milliseconds kNever{1'500};
constexpr std::chrono::milliseconds kLate{60};

const std::map<std::string, std::pair<std::string, std::string>> kinds_by_path = {
    {"/v1/customers", {"customer", "cus"}},
    {"/v1/products", {"product", "prod"}},
    {"/v1/prices", {"price", "price"}},
    {"/v1/subscriptions", {"subscription", "sub"}},
    {"/v1/invoices", {"invoice", "in"}},
    {"/v1/invoiceitems", {"invoiceitem", "ii"}},
    {"/v1/payment_methods", {"payment_method", "pm"}},
    {"/v1/events", {"event", "evt"}},
    {"/v1/test_helpers/test_clocks", {"test_helpers.test_clock", "clock"}},
    {"/v1/billing_portal/configurations", {"billing_portal.configuration", "bpc"}},
    {"/v1/billing_portal/sessions", {"billing_portal.session", "bps"}},
};

std::map<std::string, std::string> decode(std::string_view text) {
    std::map<std::string, std::string> form;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        form[*percent_decode(pair.substr(0, equals), PlusSign::IsSpace)] =
            *percent_decode(pair.substr(equals + 1), PlusSign::IsSpace);
    }
    return form;
}

std::string value(const std::map<std::string, std::string>& form, const std::string& name) {
    const auto found = form.find(name);
    return found == form.end() ? "" : found->second;
}

std::string error_body(const std::string& type, const std::string& code,
                       const std::string& param = "") {
    return to_text(Json{
        {"error", {{"type", type}, {"code", code}, {"param", param}, {"message", "M " + code}}}});
}

std::string last_segment(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void merge_metadata(Json& object, const std::map<std::string, std::string>& form) {
    for (const auto& [name, text] : form)
        if (name.starts_with("metadata["))
            object["metadata"][name.substr(9, name.size() - 10)] = text;
}

bool is_collection(const std::string& path) { return kinds_by_path.contains(path); }

}  // namespace

FakeStripe::FakeStripe()
    : server_(std::make_unique<http::testing::TestServer>(
          [this](http::Request& request) { return serve(request); })) {}
FakeStripe::~FakeStripe() = default;

void FakeStripe::plan(std::vector<Fault> faults) {
    const std::scoped_lock lock(mutex_);
    faults_.assign(faults.begin(), faults.end());
}

void FakeStripe::forget_keys() {
    const std::scoped_lock lock(mutex_);
    keys_.clear();
}

void FakeStripe::put(const Json& object) {
    const std::scoped_lock lock(mutex_);
    save(object);
}

Json FakeStripe::object(const std::string& id) const {
    const std::scoped_lock lock(mutex_);
    const auto found = objects_.find(id);
    return found == objects_.end() ? Json() : found->second;
}

std::size_t FakeStripe::count(std::string_view kind) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        objects_, [&](const auto& entry) { return entry.second["object"] == kind; }));
}

std::vector<FakeStripe::Seen> FakeStripe::seen() const {
    const std::scoped_lock lock(mutex_);
    return seen_;
}

Fault FakeStripe::take_fault(const http::Request& request) {
    const std::scoped_lock lock(mutex_);
    const auto header = [&](const char* name) {
        const auto* text = request.header(name);
        return text == nullptr ? std::string() : *text;
    };
    const auto question = request.target.find('?');
    seen_.push_back({std::string(http::to_text(request.method)), request.path,
                     question == std::string::npos ? "" : request.target.substr(question + 1),
                     request.body, header("Idempotency-Key"), header("Stripe-Version"),
                     header("Authorization"), header("Content-Type")});
    if (faults_.empty()) return Fault::None;
    const Fault fault = faults_.front();
    faults_.pop_front();
    return fault;
}

asio::awaitable<http::Response> FakeStripe::serve(const http::Request& request) {
    const Fault fault = take_fault(request);
    const bool is_post = request.method == http::Method::Post;
    const auto form = decode(is_post ? request.body : seen().back().query);
    http::Headers headers{{"Content-Type", "application/json"}};
    Answer answer;
    switch (fault) {
        case Fault::LostRequest: break;
        case Fault::ErrorBefore: answer = {500, error_body("api_error", "")}; break;
        case Fault::RateLimited:
            answer = {429, error_body("invalid_request_error", "rate_limit")};
            break;
        case Fault::RateLimitedRetry:
            answer = {429, error_body("invalid_request_error", "rate_limit")};
            headers.emplace_back("Stripe-Should-Retry", "true");
            headers.emplace_back("Retry-After", "0");
            break;
        case Fault::KeyInUse:
            answer = {409, error_body("idempotency_error", "idempotency_key_in_use")};
            break;
        case Fault::Refused: answer = {400, error_body("invalid_request_error", "")}; break;
        case Fault::BadKey:
            answer = {401, to_text(Json{{"error",
                                         {{"type", "invalid_request_error"},
                                          {"message", "Invalid API Key provided: " +
                                                          seen().back().authorization}}}})};
            break;
        case Fault::None:
        case Fault::LostAnswer:
        case Fault::ErrorAfter:
        case Fault::CutAnswer:
        case Fault::HtmlAnswer:
        case Fault::Slow: answer = once(request, form, fault); break;
    }
    if (fault == Fault::CutAnswer) answer.body.resize(answer.body.size() / 2);
    if (fault == Fault::HtmlAnswer) answer.body = "<html>welcome to the hotel</html>";
    const bool lost = fault == Fault::LostRequest || fault == Fault::LostAnswer;
    if (lost || fault == Fault::Slow) {
        asio::steady_timer timer(co_await asio::this_coro::executor, lost ? kNever : kLate);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return http::Response{
        .status = answer.status, .headers = std::move(headers), .body = std::move(answer.body)};
}

FakeStripe::Answer FakeStripe::once(const http::Request& request, const Form& form, Fault fault) {
    const std::scoped_lock lock(mutex_);
    const auto* key = request.header("Idempotency-Key");
    const std::string asked = request.path + "?" + request.body;
    if (key != nullptr && request.method == http::Method::Post) {
        if (const auto known = keys_.find(*key); known != keys_.end())
            return known->second.first == asked ? known->second.second
                                                : Answer{400, error_body("idempotency_error", "")};
    }
    Answer answer = execute(request, form);
    if (fault == Fault::ErrorAfter) answer = {500, error_body("api_error", "")};
    if (key != nullptr && request.method == http::Method::Post) keys_[*key] = {asked, answer};
    return answer;
}

FakeStripe::Answer FakeStripe::execute(const http::Request& request, const Form& form) {
    if (request.method == http::Method::Get) return get(request.path, form);
    if (request.method == http::Method::Delete) return cancel(last_segment(request.path));
    return post(request.path, form);
}

FakeStripe::Answer FakeStripe::post(const std::string& path, const Form& form) {
    if (path == "/v1/subscriptions") return start(form);
    if (is_collection(path)) {
        const auto& [kind, prefix] = kinds_by_path.at(path);
        return save(make(kind, prefix, form));
    }
    const auto segment = last_segment(path);
    const auto parent = path.substr(0, path.rfind('/'));
    if (!is_collection(parent)) return act(last_segment(parent), segment, form);
    const auto found = objects_.find(segment);
    if (found == objects_.end())
        return {404, error_body("invalid_request_error", "resource_missing", "id")};
    return update(found->second, form);
}

FakeStripe::Answer FakeStripe::act(const std::string& id, const std::string& action,
                                   const Form& form) {
    if (action == "attach") return attach(id, form);
    const auto found = objects_.find(id);
    if (found == objects_.end())
        return {404, error_body("invalid_request_error", "resource_missing", "id")};
    Json object = found->second;
    if (action == "detach") object["customer"] = nullptr;
    if (action == "advance") object["frozen_time"] = std::stoll(value(form, "frozen_time"));
    if (action == "finalize") {
        if (object["status"] != "draft")
            return {400, error_body("invalid_request_error", "invoice_not_editable")};
        object["status"] = "open";
        object["number"] = "TEST-0001";
        object["status_transitions"]["finalized_at"] = kNow;
    }
    return save(object);
}

FakeStripe::Answer FakeStripe::attach(const std::string& method, const Form& form) {
    if (method == "pm_card_visa_chargeDeclined")
        return {402, to_text(Json{{"error",
                                   {{"type", "card_error"},
                                    {"code", "card_declined"},
                                    {"decline_code", "generic_decline"},
                                    {"message", "Your card was declined."}}}})};
    Json object;
    if (method == "pm_card_visa") {
        object = make("payment_method", "pm", {});
        object["type"] = "card";
        object["card"] = {
            {"brand", "visa"}, {"last4", "4242"}, {"exp_month", 8}, {"exp_year", 2030}};
        object["customer"] = nullptr;
    } else if (objects_.contains(method)) {
        object = objects_[method];
    } else {
        return {404, error_body("invalid_request_error", "resource_missing", "payment_method")};
    }
    const auto customer = value(form, "customer");
    if (!object["customer"].is_null() && object["customer"] != customer)
        return {400, error_body("invalid_request_error", "")};
    object["customer"] = customer;
    return save(object);
}

FakeStripe::Answer FakeStripe::start(const Form& form) {
    const auto price = value(form, "items[0][price]");
    if (price == "price_3ds")
        return {402, error_body("card_error", "subscription_payment_intent_requires_action")};
    Json object = make("subscription", "sub", form);
    object["status"] = "active";
    object["start_date"] = kNow;
    object["cancel_at_period_end"] = false;
    object["cancel_at"] = nullptr;
    object["canceled_at"] = nullptr;
    object["ended_at"] = nullptr;
    object["items"]["data"] = Json::array({{{"id", "si_1"},
                                            {"price", {{"id", price}}},
                                            {"current_period_start", kNow},
                                            {"current_period_end", kNow + 30 * 86'400}}});
    return save(object);
}

FakeStripe::Answer FakeStripe::update(Json object, const Form& form) {
    if (const auto price = value(form, "items[0][price]"); !price.empty())
        object["items"]["data"][0]["price"]["id"] = price;
    if (const auto flag = value(form, "cancel_at_period_end"); !flag.empty()) {
        object["cancel_at_period_end"] = flag == "true";
        if (flag == "true")
            object["cancel_at"] = object["items"]["data"][0]["current_period_end"];
        else if (object.value("cancel_at_by_hand", false) == false)
            object["cancel_at"] = nullptr;
    }
    if (form.contains("cancel_at") && value(form, "cancel_at").empty())
        object["cancel_at"] = nullptr;
    if (const auto method = value(form, "invoice_settings[default_payment_method]");
        !method.empty()) {
        if (!objects_.contains(method) || objects_[method]["customer"] != object["id"])
            return {400, error_body("invalid_request_error", "resource_missing",
                                    "invoice_settings[default_payment_method]")};
        object["invoice_settings"]["default_payment_method"] = method;
    }
    merge_metadata(object, form);
    return save(object);
}

FakeStripe::Answer FakeStripe::cancel(const std::string& id) {
    const auto found = objects_.find(id);
    if (found == objects_.end() || found->second["status"] == "canceled" ||
        found->second["status"] == "incomplete_expired")
        return {404, error_body("invalid_request_error", "resource_missing", "id")};
    Json object = found->second;
    object["status"] = object["status"] == "incomplete" ? "incomplete_expired" : "canceled";
    object["canceled_at"] = kNow;
    object["ended_at"] = kNow;
    return save(object);
}

FakeStripe::Answer FakeStripe::get(const std::string& path, const Form& form) {
    if (is_collection(path)) return list(kinds_by_path.at(path).first, form);
    if (path.ends_with("/lines")) return lines(last_segment(path.substr(0, path.size() - 6)), form);
    const auto found = objects_.find(last_segment(path));
    if (found == objects_.end())
        return {404, error_body("invalid_request_error", "resource_missing", "id")};
    return {200, to_text(found->second)};
}

FakeStripe::Answer FakeStripe::list(const std::string& kind, const Form& form) {
    const auto limit = std::stoul(form.contains("limit") ? value(form, "limit") : "10");
    const auto after = value(form, "starting_after");
    const auto customer = value(form, "customer");
    Json data = Json::array();
    bool started = after.empty(), more = false;
    for (auto id = order_.rbegin(); id != order_.rend() && !more; ++id) {
        const Json& object = objects_.at(*id);
        if (object["object"] != kind) continue;
        if (!customer.empty() && object.value("customer", Json()) != customer) continue;
        more = started && data.size() == limit;
        if (started && !more) data.push_back(object);
        if (*id == after) started = true;
    }
    return {200, to_text(Json{{"object", "list"}, {"has_more", more}, {"data", data}})};
}

FakeStripe::Answer FakeStripe::lines(const std::string& invoice, const Form& form) {
    const auto limit = std::stoul(value(form, "limit"));
    const auto after = value(form, "starting_after");
    const Json& all = objects_.at(invoice)["all_lines"];
    Json data = Json::array();
    bool started = after.empty(), more = false;
    for (const Json& line : all) {
        more = more || (started && data.size() == limit);
        if (started && !more) data.push_back(line);
        if (line["id"] == after) started = true;
    }
    return {200, to_text(Json{{"object", "list"}, {"has_more", more}, {"data", data}})};
}

Json FakeStripe::make(const std::string& kind, const std::string& prefix, const Form& form) {
    Json object{{"id", prefix + "_" + std::to_string(next_++)},
                {"object", kind},
                {"created", kNow},
                {"metadata", Json::object()}};
    for (const auto& [name, text] : form)
        if (!name.contains('[')) object[name] = text;
    merge_metadata(object, form);
    if (kind == "customer") object["invoice_settings"] = {{"default_payment_method", nullptr}};
    if (kind == "billing_portal.session") object["url"] = "https://portal.test/" + prefix;
    if (kind == "test_helpers.test_clock") {
        object["status"] = "ready";
        object["frozen_time"] = std::stoll(value(form, "frozen_time"));
    }
    if (kind == "invoice") {
        for (const char* amount : {"subtotal", "total", "amount_due", "amount_paid"})
            object[amount] = 0;
        object["status"] = "draft";
        object["period_start"] = object["period_end"] = kNow;
        object["status_transitions"] = Json::object();
        object["lines"] = {{"has_more", false}, {"data", Json::array()}};
    }
    return object;
}

FakeStripe::Answer FakeStripe::save(Json object) {
    const auto id = object["id"].get<std::string>();
    if (!objects_.contains(id)) order_.push_back(id);
    objects_[id] = object;
    return {200, to_text(object)};
}

}  // namespace turnpike::stripe
