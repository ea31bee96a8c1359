/* phone.cc - the normal form of a telephone number, by libphonenumber. */
#include "services/identity/phone.h"

#include <phonenumbers/phonenumberutil.h>
#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace
{

/* Callers write no more than this; what is longer is no number but costs time. */
const size_t RAW_MAX = 120;

bool
all_zeros(const std::string &digits)
{
    return digits.find_first_not_of('0') == std::string::npos;
}

const char *
judge(const PhoneNumberUtil &plans, const PhoneNumber &number)
{
    std::string significant;

    plans.GetNationalSignificantNumber(number, &significant);
    if (all_zeros(significant))
        return "only zeros: the number was withheld";
    switch (plans.IsPossibleNumberWithReason(number)) {
    case PhoneNumberUtil::IS_POSSIBLE:
        return nullptr;
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
        return "it lacks its area code";
    case PhoneNumberUtil::TOO_SHORT:
        return "a short code reaches a service, not a person";
    case PhoneNumberUtil::TOO_LONG:
    case PhoneNumberUtil::INVALID_LENGTH:
        return "its region has no numbers of that length";
    default:
        return "no region has that calling code";
    }
}

const char *
read_once(const char *raw, const char *region, std::string *normal)
{
    const PhoneNumberUtil &plans = *PhoneNumberUtil::GetInstance();
    std::string home = region != nullptr && region[0] != '\0' ? region : "ZZ";
    PhoneNumber number;
    const char *why;

    std::transform(home.begin(), home.end(), home.begin(),
                   [](unsigned char c) { return static_cast<char>(toupper(c)); });
    switch (plans.Parse(raw, home, &number)) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
        break;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
        return home == "ZZ" ? "a national number, and its channel account has no default region"
                            : "no region has that calling code";
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
        return "a short code reaches a service, not a person";
    default:
        return "it is not a telephone number";
    }
    why = judge(plans, number);
    if (why != nullptr)
        return why;
    plans.Format(number, PhoneNumberUtil::E164, normal);
    if (number.has_extension() && !number.extension().empty())
        *normal += ";ext=" + number.extension();
    return nullptr;
}

/* The library drops one trunk prefix at a time: until nothing changes, so that a normal form is its
 * own normal form. */
const char *
normalize(const char *raw, const char *region, std::string *normal)
{
    const char *why = read_once(raw, region, normal);
    std::string before;

    for (int i = 0; why == nullptr && before != *normal && i < 8; i++) {
        before = *normal;
        why = read_once(before.c_str(), "", normal);
    }
    return why == nullptr && before != *normal ? "it is not a telephone number" : why;
}

} // namespace

extern "C" bool
identity_phone(const char *raw, const char *region, char *out, size_t size, const char **why)
{
    std::string normal;

    *why = "it is not a telephone number";
    if (strlen(raw) > RAW_MAX)
        return false;
    try { /* nothing of C++ may pass into C */
        const char *refused = normalize(raw, region, &normal);

        if (refused != nullptr) {
            *why = refused;
            return false;
        }
    } catch (const std::exception &) {
        return false;
    }
    if (normal.size() >= size)
        return false;
    memcpy(out, normal.c_str(), normal.size() + 1);
    return true;
}
