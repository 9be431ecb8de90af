#include "workloads/sources/nexmark_source.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "kvstate/bytes.h"
#include "workloads/parameters.h"
#include "workloads/sources/nexmark_events.h"
#include "workloads/sources/portable_math.h"
#include "workloads/sources/random.h"

namespace kvstate::workloads {
namespace {

// Of each 50 events, in this order.
constexpr uint64_t kPersonsOfRound = 1;
constexpr uint64_t kAuctionsOfRound = 3;
constexpr uint64_t kEventsOfRound = 50;

// Constants of the benchmark that its configuration leaves as they are.
constexpr uint64_t kHotBatch = 100;  // One of so many ids after another is hot.
constexpr uint64_t kIdLead = 10;     // Ids that are referred to though they are yet to come.
constexpr int64_t kFirstCategory = 10;
constexpr uint64_t kCategories = 5;
constexpr uint64_t kChannels = 10'000;
constexpr uint64_t kGroupStride = 953;

constexpr std::array<std::string_view, 4> kHotChannels = {"Google", "Facebook", "Baidu", "Apple"};
constexpr std::array<std::string_view, 6> kStates = {"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::array<std::string_view, 10> kCities = {"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland",
                                                      "Bend",    "Redmond",     "Seattle",       "Kent",  "Cheyenne"};
constexpr std::array<std::string_view, 11> kFirstNames = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                                          "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::array<std::string_view, 9> kLastNames = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                                        "Walton", "Smith",  "Jones",   "Noris"};

struct NexmarkOptions {
  uint64_t events = 0;
  uint64_t events_per_second = 1;
  int64_t start_ms = 0;
  uint64_t out_of_order_ms = 0;
  uint64_t out_of_order_group = 1;
  uint64_t hot_auction_ratio = 1;
  uint64_t hot_bidder_ratio = 1;
  uint64_t hot_seller_ratio = 1;
  uint64_t active_people = 1;
  uint64_t in_flight_auctions = 1;
  size_t person_bytes = 0;
  size_t auction_bytes = 0;
  size_t bid_bytes = 0;
  int64_t first_person_id = 0;
  int64_t first_auction_id = 0;
};

template <size_t kSize>
std::string_view OneOf(const std::array<std::string_view, kSize>& words, Random& random) {
  return words[random.Below(kSize)];
}

/// Of 3 to max_bytes - 1 letters; one in 13 is `special` instead.
void DrawWord(Random& random, size_t max_bytes, char special, std::string* to) {
  constexpr size_t kMin = 3;
  constexpr uint64_t kLetters = 26;
  for (size_t left = kMin + random.Below(max_bytes - kMin); left > 0; --left) {
    const uint64_t drawn = random.Below(13 * kLetters);
    to->push_back(drawn < kLetters ? special : static_cast<char>('a' + drawn % kLetters));
  }
}

/// Letters so many that `used` and they are `average` bytes, or up to a fifth of them less or more.
void DrawExtra(Random& random, size_t used, size_t average, std::string* to) {
  to->clear();
  if (used > average) return;
  const size_t wanted = average - used;
  const size_t spread = (wanted * 2 + 5) / 10;
  const size_t bytes = wanted - spread + (spread == 0 ? 0 : random.Below(2 * spread));
  to->reserve(bytes);
  uint64_t word = 0;
  for (size_t i = 0; i < bytes; ++i) {
    if (i % 12 == 0) word = random.Next();  // 26^12 is below 2^57.
    to->push_back(static_cast<char>('a' + word % 26));
    word /= 26;
  }
}

/// 100 to 10^8 cents, uniform in its logarithm.
int64_t DrawPrice(Random& random) {
  constexpr double kLnOfRange = 13.815510557964274;  // ln(10^6)
  const double cents = PortableExp(random.Unit() * kLnOfRange) * 100.0;
  const auto whole = static_cast<int64_t>(cents);
  return cents - static_cast<double>(whole) < 0.5 ? whole : whole + 1;
}

class NexmarkSource final : public EventSource {
 public:
  NexmarkSource(const NexmarkOptions& options, uint64_t seed) : options_(options), seed_(seed) {}

  Result<bool> Next(Event* event) override {
    if (next_ == options_.events) return false;
    const uint64_t number = Shuffled(next_++);
    // Two streams for each event, and beyond all of them the channels'.
    Random random(seed_, number);
    time_ms_ = TimeMs(number);
    if (options_.out_of_order_ms > 0) {
      time_ms_ -= static_cast<int64_t>(Random(seed_, kLatenessStreams + number).Below(options_.out_of_order_ms + 1));
    }
    encoded_.Clear();
    const uint64_t in_round = number % kEventsOfRound;
    if (in_round < kPersonsOfRound) {
      event->stream = kPersonStream;
      MakePerson(number, random);
    } else if (in_round < kPersonsOfRound + kAuctionsOfRound) {
      event->stream = kAuctionStream;
      MakeAuction(number, random);
    } else {
      event->stream = kBidStream;
      MakeBid(number, random);
    }
    event->time_ms = time_ms_;
    event->key = {};
    event->value = encoded_.view();
    return true;
  }

  uint64_t size() const override { return options_.events; }

 private:
  static constexpr uint64_t kLatenessStreams = uint64_t{1} << 62;
  static constexpr uint64_t kChannelStreams = uint64_t{1} << 63;

  /// The n-th event's number: in groups, each of which is permuted.
  uint64_t Shuffled(uint64_t n) const {
    const uint64_t group = options_.out_of_order_group;
    return n / group * group + n * kGroupStride % group;
  }

  int64_t TimeMs(uint64_t number) const {
    const uint64_t rate = options_.events_per_second;
    return options_.start_ms + static_cast<int64_t>(number / rate * 1000 + number % rate * 1000 / rate);
  }

  /// The latest person and auction up to event `number`, counted from 0; before the first auction, -1.
  static uint64_t LastPerson(uint64_t number) { return number / kEventsOfRound; }
  static int64_t LastAuction(uint64_t number) {
    const auto before = static_cast<int64_t>(number / kEventsOfRound * kAuctionsOfRound);
    const uint64_t in_round = number % kEventsOfRound;
    return before - 1 + static_cast<int64_t>(std::min(in_round, kAuctionsOfRound));
  }

  /// One of the active people, or of the few to come.
  uint64_t DrawPerson(uint64_t number, Random& random) const {
    const uint64_t people = LastPerson(number) + 1;
    const uint64_t active = std::min(people, options_.active_people);
    return people - active + random.Below(active + kIdLead);
  }

  /// One of the auctions in flight, or of the few to come.
  uint64_t DrawAuction(uint64_t number, Random& random) const {
    const auto last = static_cast<uint64_t>(LastAuction(number));
    const uint64_t first = last - std::min(last, options_.in_flight_auctions);
    return first + random.Below(last - first + 1 + kIdLead);
  }

  /// True with probability 1 - 1 / ratio.
  static bool IsHot(uint64_t ratio, Random& random) { return random.Below(ratio) > 0; }

  int64_t DrawAuctionLengthMs(uint64_t number, Random& random) const {
    const uint64_t ahead = options_.in_flight_auctions * kEventsOfRound / kAuctionsOfRound;
    const auto horizon_ms = static_cast<uint64_t>(TimeMs(number + ahead) - TimeMs(number));
    return 1 + static_cast<int64_t>(random.Below(std::max<uint64_t>(horizon_ms * 2, 1)));
  }

  void MakePerson(uint64_t number, Random& random) {
    Person& person = person_;
    person.id = options_.first_person_id + static_cast<int64_t>(LastPerson(number));
    person.date_time_ms = time_ms_;
    person.name = OneOf(kFirstNames, random);
    person.name.append(" ").append(OneOf(kLastNames, random));
    person.email_address.clear();
    DrawWord(random, 7, ' ', &person.email_address);
    person.email_address += '@';
    DrawWord(random, 5, ' ', &person.email_address);
    person.email_address += ".com";
    person.credit_card.clear();
    for (int i = 0; i < 16; ++i) {
      if (i > 0 && i % 4 == 0) person.credit_card += ' ';
      person.credit_card += static_cast<char>('0' + random.Below(10));
    }
    person.city = OneOf(kCities, random);
    person.state = OneOf(kStates, random);
    const size_t used = 8 + person.name.size() + person.email_address.size() + person.credit_card.size() +
                        person.city.size() + person.state.size();
    DrawExtra(random, used, options_.person_bytes, &person.extra);
    Codec<Person>::Write(person, encoded_);
  }

  void MakeAuction(uint64_t number, Random& random) {
    Auction& auction = auction_;
    auction.id = options_.first_auction_id + LastAuction(number);
    // The first of a batch of people is its hot seller.
    const uint64_t seller = IsHot(options_.hot_seller_ratio, random) ? LastPerson(number) / kHotBatch * kHotBatch
                                                                     : DrawPerson(number, random);
    auction.seller = options_.first_person_id + static_cast<int64_t>(seller);
    auction.category = kFirstCategory + static_cast<int64_t>(random.Below(kCategories));
    auction.initial_bid = DrawPrice(random);
    auction.reserve = auction.initial_bid + DrawPrice(random);
    auction.date_time_ms = time_ms_;
    auction.expires_ms = time_ms_ + DrawAuctionLengthMs(number, random);
    auction.item_name.clear();
    DrawWord(random, 20, ' ', &auction.item_name);
    auction.description.clear();
    DrawWord(random, 100, ' ', &auction.description);
    const size_t used = size_t{6} * 8 + auction.item_name.size() + auction.description.size();
    DrawExtra(random, used, options_.auction_bytes, &auction.extra);
    Codec<Auction>::Write(auction, encoded_);
  }

  void MakeBid(uint64_t number, Random& random) {
    Bid& bid = bid_;
    const uint64_t auction = IsHot(options_.hot_auction_ratio, random)
                                 ? static_cast<uint64_t>(LastAuction(number)) / kHotBatch * kHotBatch
                                 : DrawAuction(number, random);
    bid.auction = options_.first_auction_id + static_cast<int64_t>(auction);
    // The second of a batch of people is its hot bidder, so that it is no hot seller.
    const uint64_t bidder = IsHot(options_.hot_bidder_ratio, random) ? LastPerson(number) / kHotBatch * kHotBatch + 1
                                                                     : DrawPerson(number, random);
    bid.bidder = options_.first_person_id + static_cast<int64_t>(bidder);
    bid.price = DrawPrice(random);
    bid.date_time_ms = time_ms_;
    const bool hot_channel = random.Below(2) > 0;
    MakeChannel(hot_channel ? random.Below(kHotChannels.size()) : kHotChannels.size() + random.Below(kChannels));
    DrawExtra(random, size_t{4} * 8, options_.bid_bytes, &bid.extra);
    Codec<Bid>::Write(bid, encoded_);
  }

  /// Channel `index`, of the hot ones and then of the others, with the page that is always its own.
  void MakeChannel(uint64_t index) {
    bid_.url = "https://www.nexmark.com/";
    Random random(seed_, kChannelStreams + index);
    for (int i = 0; i < 3; ++i) {
      DrawWord(random, 5, '_', &bid_.url);
      bid_.url += '/';
    }
    bid_.url += "item.htm?query=1";
    if (index < kHotChannels.size()) {
      bid_.channel = kHotChannels[index];
      return;
    }
    bid_.channel = "channel-" + std::to_string(index - kHotChannels.size());
    if (random.Below(10) > 0) bid_.url += "&channel_id=" + std::to_string(random.Next() >> 33);
  }

  const NexmarkOptions options_;
  const uint64_t seed_;
  uint64_t next_ = 0;
  int64_t time_ms_ = 0;
  Person person_;
  Auction auction_;
  Bid bid_;
  ByteWriter encoded_;
};

}  // namespace

std::vector<ParameterSpec> NexmarkSourceParameters() {
  return {
      {"events", "1000000", "Events in the stream, 1 to 10^12: of each 50 one person, three auctions and 46 bids",
       true},
      {"events_per_second", "10000", "Events in a second of event time, evenly spaced, 1 to 10^9"},
      {"start_ms", "1436918400000", "Event time of the first event in milliseconds, 0 to 2^52"},
      {"out_of_order_group", "1",
       "Events in groups of so many come permuted, 1 to 10^9, no multiple of 953; 1: in order"},
      {"out_of_order_ms", "0", "An event's time is earlier by up to this many milliseconds, uniform, 0 to 2^31"},
      {"hot_auction_ratio", "2", "Of so many bids all but one are for the hot auction, 1 to 10^9"},
      {"hot_bidder_ratio", "4", "Of so many bids all but one are the hot bidder's, 1 to 10^9"},
      {"hot_seller_ratio", "4", "Of so many auctions all but one are the hot seller's, 1 to 10^9"},
      {"active_people", "1000", "The latest people, who sell and bid, 1 to 10^9"},
      {"in_flight_auctions", "100", "Auctions that are open at a time, on average, 1 to 10^6"},
      {"person_bytes", "200", "Average size of a person in bytes, 0 to 10^6; what it has beyond that is left"},
      {"auction_bytes", "500", "Average size of an auction in bytes, 0 to 10^6; so too"},
      {"bid_bytes", "100", "Average size of a bid in bytes without its channel and page, 0 to 10^6; so too"},
      {"first_person_id", "1000", "Id of the first person, 0 to 2^52"},
      {"first_auction_id", "1000", "Id of the first auction, 0 to 2^52"},
  };
}

Result<std::unique_ptr<EventSource>> MakeNexmarkSource(std::string_view workload,
                                                       const std::vector<ParameterSpec>& specs,
                                                       const Parameters& parameters, uint64_t seed) {
  constexpr uint64_t kMost = 1'000'000'000;
  constexpr uint64_t kMostBytes = 1'000'000;
  constexpr int64_t kMostId = int64_t{1} << 52;
  ParameterReader reader("source of workload " + std::string(workload), specs, parameters);
  NexmarkOptions options;
  options.events = reader.Count("events", 1, 1'000'000'000'000);
  options.events_per_second = reader.Count("events_per_second", 1, kMost);
  options.start_ms = reader.Integer("start_ms", 0, int64_t{1} << 52);
  options.out_of_order_group = reader.Count("out_of_order_group", 1, kMost);
  if (options.out_of_order_group % kGroupStride == 0) {
    reader.Refuse("out_of_order_group", "no multiple of 953, which would give some events twice and others never");
  }
  options.out_of_order_ms = reader.Count("out_of_order_ms", 0, uint64_t{1} << 31);
  options.hot_auction_ratio = reader.Count("hot_auction_ratio", 1, kMost);
  options.hot_bidder_ratio = reader.Count("hot_bidder_ratio", 1, kMost);
  options.hot_seller_ratio = reader.Count("hot_seller_ratio", 1, kMost);
  options.active_people = reader.Count("active_people", 1, kMost);
  options.in_flight_auctions = reader.Count("in_flight_auctions", 1, 1'000'000);
  options.person_bytes = reader.Count("person_bytes", 0, kMostBytes);
  options.auction_bytes = reader.Count("auction_bytes", 0, kMostBytes);
  options.bid_bytes = reader.Count("bid_bytes", 0, kMostBytes);
  options.first_person_id = reader.Integer("first_person_id", 0, kMostId);
  options.first_auction_id = reader.Integer("first_auction_id", 0, kMostId);
  KVSTATE_RETURN_IF_ERROR(reader.status());
  return std::unique_ptr<EventSource>(std::make_unique<NexmarkSource>(options, seed));
}

}  // namespace kvstate::workloads
