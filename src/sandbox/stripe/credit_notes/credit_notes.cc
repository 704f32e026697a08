#include "sandbox/stripe/credit_notes/credit_notes.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/credit_notes/credited_invoice.h"
#include "sandbox/stripe/credit_notes/credited_lines.h"
#include "sandbox/stripe/customers/balance_transactions.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCreditNote = "credit_note";

Refusal no_credit(const std::string& message, const std::string& param = "",
                  const std::string& code = "") {
    return bad_param(param, code, message);
}

std::optional<Refusal> not_creditable(Context& ctx, const Json& invoice) {
    // The bank takes what it was asked for.
    if (awaits_bank(ctx, invoice)) return payment_processing();
    const std::string status = text_of(invoice, "status");
    if (status == "draft") return no_credit("You cannot create a credit note for a draft invoice.");
    if (status == "void") return no_credit("You cannot create a credit note for a void invoice.");
    return std::nullopt;
}

std::int64_t sum_over(const std::vector<Json>& objects, const char* member) {
    std::int64_t sum = 0;
    for (const Json& object : objects) sum += integer_of(object, member);
    return sum;
}

/// The discounts of all lines, one for each.
Json summed_discounts(const std::vector<Json>& lines) {
    std::map<std::string, std::int64_t> sums;
    for (const Json& line : lines)
        for (const Json& discount : line.at("discount_amounts"))
            sums[text_of(discount, "discount")] += integer_of(discount, "amount");
    Json all = Json::array();
    for (const auto& [discount, amount] : sums)
        all.push_back({{"amount", amount}, {"discount", discount}});
    return all;
}

/// "ECPMUAJT-0001-CN-01": void ones count among the `earlier`.
std::string number_after(std::size_t earlier, const Json& invoice) {
    return fmt::format("{}-CN-{:02}", text_of(invoice, "number"), earlier + 1);
}

void add_amounts(Json& note, const std::vector<Json>& lines) {
    const std::int64_t gross = sum_over(lines, "amount");
    const std::int64_t discount = sum_over(lines, "discount_amount");
    const std::int64_t subtotal = gross - sum_over(lines, "_own_discount");
    for (const char* member : {"subtotal", "subtotal_excluding_tax"}) note[member] = subtotal;
    for (const char* member : {"amount", "total", "total_excluding_tax"})
        note[member] = gross - discount;
    note["discount_amount"] = discount;
    note["discount_amounts"] = summed_discounts(lines);
    note["pretax_credit_amounts"] = Json::array();
    for (Json part : note["discount_amounts"]) {
        part["type"] = "discount";
        note["pretax_credit_amounts"].push_back(std::move(part));
    }
}

Json credit_note_document(Context& ctx, const Json& invoice, const CreditRequest& request,
                          std::vector<Json> lines, std::string number) {
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    Json note;
    note["id"] = ctx.new_id("cn");
    note["object"] = kCreditNote;
    note["amount_shipping"] = 0;
    note["created"] = unix_seconds(now);
    note["currency"] = invoice.at("currency");
    note["customer"] = invoice.at("customer");
    note["customer_account"] = nullptr;
    note["customer_balance_transaction"] = nullptr;
    note["effective_at"] = unix_seconds(request.effective_at.value_or(now));
    note["invoice"] = invoice.at("id");
    add_amounts(note, lines);
    note["lines"] =
        complete_list("/v1/credit_notes/" + text_of(note, "id") + "/lines", std::move(lines));
    note["lines"].erase("total_count");
    note["livemode"] = false;
    note["memo"] = text_or_null(request.memo.value_or(""));
    note["metadata"] = Json::object();
    merge_metadata(note, request.metadata);
    note["number"] = std::move(number);
    note["out_of_band_amount"] =
        request.out_of_band_amount ? Json(*request.out_of_band_amount) : Json();
    note["pdf"] = ctx.base_url() + "/p/credit_note/" + text_of(note, "id") + "/pdf";
    note["reason"] = text_or_null(request.reason.value_or(""));
    note["refunds"] = Json::array();
    note["shipping_cost"] = nullptr;
    note["status"] = "issued";
    note["total_taxes"] = Json::array();
    note["voided_at"] = nullptr;
    note["_parent"] = invoice.at("id");
    return note;
}

Json refund_entry(const std::string& refund, std::int64_t amount) {
    Json entry;
    entry["amount_refunded"] = amount;
    entry["payment_record_refund"] = nullptr;
    entry["refund"] = refund;
    entry["type"] = "refund";
    return entry;
}

/// The charge that paid the invoice; "" if none did.
std::string charge_of(Context& ctx, const Json& invoice) {
    const auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent"));
    return intent ? text_of(*intent, "latest_charge") : "";
}

std::int64_t linked_by(const Json& note, const std::string& refund) {
    std::int64_t sum = 0;
    for (const Json& entry : note.at("refunds"))
        if (text_of(entry, "refund") == refund) sum += integer_of(entry, "amount_refunded");
    return sum;
}

/// Enters refunds that exist already. Errors: 400 when one is not of this invoice, or belongs to
/// credit notes already.
Outcome<std::int64_t> link_refunds(Context& ctx, const Json& invoice, Json& note,
                                   const CreditRequest& request, const std::vector<Json>& issued) {
    const std::string charge = charge_of(ctx, invoice);
    std::int64_t sum = 0;
    for (const LinkedRefund& linked : request.refunds) {
        const auto refund = ctx.find("refund", linked.refund);
        if (!refund) return no_such_param("refund", linked.refund, linked.param + "[refund]");
        if (charge.empty() || text_of(*refund, "charge") != charge)
            return no_credit(
                "The refund " + linked.refund + " is not of a payment of this invoice.",
                linked.param + "[refund]");
        std::int64_t left = integer_of(*refund, "amount") - linked_by(note, linked.refund);
        for (const Json& earlier : issued) left -= linked_by(earlier, linked.refund);
        const std::int64_t amount = linked.amount.value_or(left);
        if (amount < 1 || amount > left)
            return no_credit("Only " + format_amount(left, text_of(invoice, "currency")) +
                                 " of the refund " + linked.refund +
                                 " can still be linked to a credit note.",
                             linked.param + "[refund]");
        note["refunds"].push_back(refund_entry(linked.refund, amount));
        sum += amount;
    }
    return sum;
}

std::optional<Refusal> check_sums(const Json& note, const Json& invoice, const PlannedCredit& plan,
                                  std::int64_t credited_before) {
    const std::string currency = text_of(invoice, "currency");
    const std::int64_t total = integer_of(note, "total");
    const std::int64_t left = integer_of(invoice, "total") - credited_before;
    if (total < 1) return no_credit("The credit note's total must be greater than zero.");
    if (total > left)
        return no_credit("The credit note's total (" + format_amount(total, currency) +
                         ") is greater than what is left to credit of the invoice (" +
                         format_amount(left, currency) + ").");
    if (sum_of(plan.payout) != plan.split.post_payment)
        return no_credit("The sum of refunds, credit amount, and out of band amount (" +
                         format_amount(sum_of(plan.payout), currency) +
                         ") must equal the credit note post_payment_amount (" +
                         format_amount(plan.split.post_payment, currency) + ").");
    return std::nullopt;
}

/// Sends back what the note refunds itself.
Outcome<Json> make_refund(Context& ctx, const PlannedCredit& plan) {
    auto charge = ctx.find("charge", charge_of(ctx, plan.invoice));
    if (!charge)
        return no_credit("This invoice was not paid by a charge, so nothing of it can be refunded.",
                         "refund_amount");
    return refund_charge(ctx, *std::move(charge), {.amount = plan.payout.new_refund});
}

Outcome<Json> credit_balance(Context& ctx, const PlannedCredit& plan) {
    return change_balance(ctx, text_of(plan.invoice, "customer"),
                          {.type = "credit_note",
                           .amount = -plan.payout.to_balance,
                           .currency = text_of(plan.invoice, "currency"),
                           .invoice = text_of(plan.invoice, "id"),
                           .credit_note = text_of(plan.note, "id")});
}

}  // namespace

Outcome<PlannedCredit> plan_credit(Context& ctx, const CreditRequest& request) {
    auto invoice = ctx.find("invoice", request.invoice);
    if (!invoice) return no_such_param("invoice", request.invoice, "invoice");
    if (auto refusal = not_creditable(ctx, *invoice)) return *std::move(refusal);
    auto issued = ctx.list(kCreditNote, {.parent = request.invoice});
    std::string number = number_after(issued.size(), *invoice);
    std::erase_if(issued, [](const Json& note) { return text_of(note, "status") == "void"; });
    auto lines = credited_lines(ctx, *invoice, issued, request);
    if (!lines) return Refusal(lines.error());

    PlannedCredit plan;
    plan.note = credit_note_document(ctx, *invoice, request, *std::move(lines), std::move(number));
    plan.split =
        split_credit(integer_of(plan.note, "total"), integer_of(*invoice, "amount_remaining"));
    plan.payout.new_refund = request.refund_amount.value_or(0);
    plan.payout.to_balance = request.credit_amount.value_or(0);
    plan.payout.out_of_band = request.out_of_band_amount.value_or(0);
    const auto linked = link_refunds(ctx, *invoice, plan.note, request, issued);
    if (!linked) return Refusal(linked.error());
    plan.payout.linked_refunds = *linked;
    if (plan.payout.to_balance > 0)
        if (const auto customer =
                require_customer(ctx, text_of(*invoice, "customer"), "credit_amount");
            !customer)
            return Refusal(customer.error());
    if (auto refusal = check_sums(plan.note, *invoice, plan, sum_over(issued, "total")))
        return *std::move(refusal);
    plan.note["pre_payment_amount"] = plan.split.pre_payment;
    plan.note["post_payment_amount"] = plan.split.post_payment;
    plan.note["type"] = type_of(plan.split);
    plan.invoice = *std::move(invoice);
    return plan;
}

Outcome<Json> issue_credit_note(Context& ctx, PlannedCredit plan) {
    if (plan.payout.new_refund > 0) {
        const auto refund = make_refund(ctx, plan);
        if (!refund) return Refusal(refund.error());
        plan.note["refunds"].push_back(
            refund_entry(text_of(*refund, "id"), plan.payout.new_refund));
    }
    reduce_invoice(ctx, plan.invoice, plan.split);
    if (plan.payout.to_balance > 0) {
        const auto credited = credit_balance(ctx, plan);
        if (!credited) return Refusal(credited.error());
        plan.note["customer_balance_transaction"] = credited->at("id");
    }
    ctx.put(plan.note);
    ctx.emit("credit_note.created", plan.note);
    return std::move(plan.note);
}

Outcome<Json> void_credit_note(Context& ctx, Json note) {
    if (text_of(note, "status") == "void")
        return no_credit("This credit note is already void.", "", "status_transition_invalid");
    auto invoice = ctx.find("invoice", text_of(note, "invoice"));
    if (!invoice || text_of(*invoice, "status") != "open")
        return no_credit("You can only void a credit note if the associated invoice is open.");
    if (integer_of(note, "post_payment_amount") > 0)
        return no_credit("You cannot void a credit note that has paid something back.");
    if (auto refusal = not_creditable(ctx, *invoice)) return *std::move(refusal);
    restore_invoice(ctx, *std::move(invoice), integer_of(note, "pre_payment_amount"));
    note["status"] = "void";
    note["voided_at"] = unix_seconds(second_of(ctx, text_of(note, "customer")));
    ctx.put(note);
    ctx.emit("credit_note.voided", note);
    return note;
}

}  // namespace turnpike::twin
