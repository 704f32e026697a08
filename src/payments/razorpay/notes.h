#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike::razorpay {

/// Names of ours in Razorpay's notes, beside kObligationKey. A subscription learns its customer
/// only when it is authorised, and then it is one that Razorpay makes of the payer: ours is here.
inline constexpr std::string_view kCustomerNote = "turnpike_razorpay_customer";
inline constexpr std::string_view kChargeNote = "turnpike_overage";
inline constexpr std::string_view kDraftNote = "turnpike_draft";
/// On a subscription whose start_at is the end of a trial.
inline constexpr std::string_view kTrialNote = "turnpike_trial";

/// Why money was given back: Razorpay has no place of its own for it.
inline constexpr std::string_view kReasonNote = "turnpike_reason";

/// Razorpay's limit of one note, in characters.
inline constexpr std::size_t kNoteMax = 256;
/// And of the name of an item: a plan's, a line's, an addon's.
inline constexpr std::size_t kItemNameMax = 512;

/// An obligation as it stands in a note: itself, or its hash when it is too long.
std::string obligation_note(const std::string& obligation);
/// The notes of an object that is being made.
Json notes_of(const std::string& obligation, const std::map<std::string, std::string>& more);
/// How an addon's description begins: addons have no notes.
inline constexpr std::string_view kAddonPrefix = "Turnpike ";
inline constexpr std::size_t kAddonReferenceBytes = kAddonPrefix.size() + 32;

/// Text of at most `characters_max` characters; what is over is cut off.
std::string shortened(std::string_view text, std::size_t characters_max);

}  // namespace turnpike::razorpay
