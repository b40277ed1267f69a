"""Events that our own turns tell: flows word messages by them, and nobody else may say that they happened."""

OURS = frozenset(
    {
        *("Address Linked", "Contact Joined", "Contact Not Joined", "Member Enrolled", "Profile Completed"),
        *("Audience Entered", "Audience Exited", "Session Started"),
        *("Campaign Opened", "Content Opened", "Email Opened", "Link Clicked", "Mini Program Opened"),
        "Page Opened",
        *("Page Shared", "Person Asked For", "Desk Left", "Survey Completed", "Answer Given"),
        *("Order Placed", "Order Completed", "Order Shipped", "Order Refunded", "Order Canceled"),
        *("Checkout Timed Out", "Payment Lapsed", "Payment Refunded"),
        *("Cash Back Promised", "Cash Back Waits", "Cash Back Paid", "Cash Back Ended"),
        *("Credit Granted", "Credit Expired", "Credit Clawed Back", "Credit Restored", "Credit Reinstated"),
        *("Rebate Granted", "Redemption Undone", "Wallet Expired"),
        *("Card Stamped", "Card Completed", "Stamps Taken Back"),
        *("Gift Sent", "Gift Received", "Gift Returned"),
        *("Offer Given", "Offer Spent", "Offer Returned"),
        *("Reward Redeemed", "Reward Promised", "Reward Preparing", "Reward Sent", "Reward Delivered"),
        *("Reward Canceled", "Reward Taken Back"),
        *("Referral Joined", "Referral Qualified", "Referral Reversed"),
        *("Refill Due", "Stock Low", "Back In Stock"),
        *("Drop Taken", "Drop Reserved", "Drop Lapsed", "Drop Canceled"),
        *("Tier Reached", "Tier Kept", "Tier At Risk", "Tier Lost"),
        *("Checked In", "Wheel Spun"),
    }
)
"""A test holds the list against the code that tracks them."""
