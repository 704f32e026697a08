#include <utility>

#include "base/minor_units.h"
#include "json/value.h"
#include "payments/currencies.h"
#include "payments/errors.h"
#include "payments/razorpay/drafts.h"
#include "payments/razorpay/exchange.h"
#include "payments/razorpay/invoice_reads.h"
#include "payments/razorpay/notes.h"
#include "payments/razorpay/provider.h"
#include "payments/razorpay/refusal.h"
#include "payments/razorpay/translate.h"

namespace turnpike::razorpay {
namespace {

bool is_issued(const Json& invoice) {
    const auto status = text_member(invoice, "status");
    return !status.empty() && status != "draft";
}

/// "2027-01-01 - 2027-01-31": for people; the exact times are in the draft.
std::string period_text(const Period& period) {
    const auto day = [](Instant at) { return format_rfc3339(at).substr(0, 10); };
    return day(period.start) + " - " + day(period.end);
}

Json lines_of(const ProviderInvoice& draft) {
    Json lines = Json::array();
    for (const auto& line : draft.lines)
        lines.push_back({{"name", shortened(line.description, kItemNameMax)},
                         {"description", period_text(line.period)},
                         {"amount", line.amount.minor()},
                         {"currency", upper_code(line.amount.currency())},
                         {"quantity", 1}});
    return lines;
}

/// Its reference, and the charge that it is for: all that Razorpay shows again on the invoice.
std::string addon_description(const NewInvoiceItem& request) {
    const auto charge = request.metadata.find(std::string(kChargeNote));
    const auto reference = addon_reference(request.obligation);
    return charge == request.metadata.end() ? reference : reference + " " + charge->second;
}

std::string issue_obligation(const std::string& draft) { return draft + ":issue"; }

}  // namespace

asio::awaitable<Result<ProviderInvoice>> Provider::create_invoice(NewInvoice request) {
    const auto draft = co_await open_draft(*exchange_, std::move(request));
    if (!draft) co_return failure(draft);
    // Once it is finalized it is the invoice, whoever asks for the draft again.
    if (draft->ended) co_return co_await get_invoice(draft->id);
    co_return read_draft(*draft);
}

asio::awaitable<Result<std::string>> Provider::add_invoice_item(NewInvoiceItem request) {
    if (request.amount.minor() < minor_units(request.amount.currency()))
        co_return std::unexpected(line_too_small());
    const auto amount = wire_amount(request.amount);
    if (!amount) co_return failure(amount);
    if (!request.invoice) co_return co_await add_to_next_bill(std::move(request));
    if (!is_draft_id(*request.invoice))
        co_return conflict(kRefused, "razorpay adds no line to an invoice that it has");
    co_return co_await add_draft_line(*exchange_, std::move(request));
}

asio::awaitable<Result<std::string>> Provider::add_to_next_bill(NewInvoiceItem request) {
    const auto known = co_await exchange_->world().db.read(
        [&](sql::Transaction& tx) { return find_intent(tx, kProviderName, request.obligation); });
    std::string path = known ? known->path : "";
    if (path.empty()) {
        const auto running = co_await running_subscription(*exchange_, request.customer);
        if (!running) co_return failure(running);
        if (!*running) co_return std::unexpected(no_pending_items());
        path = std::string(kSubscriptions) + "/" + **running + "/addons";
    }
    const Json body{{"item",
                     {{"name", shortened(request.description, kItemNameMax)},
                      {"description", addon_description(request)},
                      {"amount", request.amount.minor()},
                      {"currency", upper_code(request.amount.currency())}}},
                    {"quantity", 1}};
    Write write{.obligation = std::move(request.obligation),
                .path = std::move(path),
                .parameters = to_text(body),
                .repeat = Repeat::NeverTwice};
    const auto written = co_await exchange_->write(std::move(write));
    if (!written) co_return failure(written);
    co_return read_id(written->object);
}

asio::awaitable<Result<std::monostate>> Provider::remove_invoice_item(std::string obligation,
                                                                      std::string item) {
    if (is_draft_line_id(item)) co_return co_await remove_draft_line(*exchange_, std::move(item));
    const auto id = path_segment(item, no_such("invoice item"));
    if (!id) co_return failure(id);
    Write write{.obligation = std::move(obligation),
                .path = std::string(kAddons) + "/" + *id,
                .parameters = "",
                .method = http::Method::Delete};
    const auto written = co_await exchange_->write(std::move(write));
    // A repeat finds nothing, and that is success.
    if (!written && written.error().code != ErrorCode::NotFound) co_return failure(written);
    co_return std::monostate{};
}

asio::awaitable<Result<ProviderInvoice>> Provider::finalize_invoice(std::string obligation,
                                                                    std::string invoice) {
    const auto id = path_segment(invoice, no_such("invoice"));
    if (!id) co_return failure(id);
    if (is_draft_id(*id)) co_return co_await issue_draft(*id);
    const std::string path = std::string(kInvoices) + "/" + *id;
    Write write{.obligation = std::move(obligation),
                .path = path + "/issue",
                .parameters = "",
                .done_path = path,
                .is_done = is_issued};
    auto object = co_await exchange_->write_afresh(std::move(write), std::string(kInvoices));
    if (!object) co_return failure(object);
    co_return co_await complete_invoice(*exchange_, *std::move(object));
}

asio::awaitable<Result<ProviderInvoice>> Provider::issue_draft(std::string id) {
    const auto draft = co_await end_draft(*exchange_, id);
    if (!draft) co_return failure(draft);
    const auto bill = read_draft(*draft);
    if (!bill) co_return failure(bill);
    const std::string obligation = issue_obligation(id);
    auto names = bill->metadata;
    names.insert_or_assign(std::string(kCustomerNote), bill->customer);
    names.insert_or_assign(std::string(kDraftNote), id);
    const Json body{{"type", "invoice"},
                    {"customer_id", bill->customer},
                    {"currency", upper_code(bill->total.currency())},
                    {"line_items", lines_of(*bill)},
                    {"notes", notes_of(obligation, names)}};
    Write write{.obligation = obligation,
                .path = std::string(kInvoices),
                .parameters = to_text(body),
                .repeat = Repeat::NeverTwice};
    auto object = co_await exchange_->write_afresh(std::move(write), std::string(kInvoices));
    if (!object) co_return failure(object);
    co_return co_await complete_invoice(*exchange_, *std::move(object));
}

asio::awaitable<Result<ProviderInvoice>> Provider::get_invoice(std::string id) {
    std::string at_razorpay = std::move(id);
    if (is_draft_id(at_razorpay)) {
        auto draft = co_await load_draft(*exchange_, at_razorpay);
        if (!draft) co_return failure(draft);
        const auto issued = co_await exchange_->world().db.read([&](sql::Transaction& tx) {
            return find_intent(tx, kProviderName, issue_obligation(at_razorpay));
        });
        if (!issued || issued->state != IntentState::Succeeded) co_return read_draft(*draft);
        const auto object = read_reply(issued->reply.value_or(""));
        if (!object) co_return failure(object);
        auto real = read_id(*object);
        if (!real) co_return failure(real);
        at_razorpay = *std::move(real);
    }
    const auto segment = path_segment(at_razorpay, no_such("invoice"));
    if (!segment) co_return failure(segment);
    auto object = co_await exchange_->get(std::string(kInvoices) + "/" + *segment);
    if (!object) co_return failure(object);
    co_return co_await complete_invoice(*exchange_, *std::move(object));
}

}  // namespace turnpike::razorpay
