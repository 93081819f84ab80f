"""What the records are made of: names in many scripts, and the dirt of real orgs."""

from typing import Final

FIRST_NAMES: Final = (
    "Anna", "James", "Mary", "Chen", "Priya", "José", "Zoë", "Björn", "Siobhán", "Nguyễn",
    "Aleksandra", "Иван", "Ольга", "محمد", "فاطمة", "דוד", "さくら", "太郎", "伟", "지우",
    "Ludwig", "Amélie", "Paolo", "Ingrid", "Kofi", "Amina", "Łukasz", "Þórdís", "Deniz", "Noah",
)  # fmt: skip
LAST_NAMES: Final = (
    "Smith", "Müller", "García", "O'Neill", "van der Berg", "Nowak", "Kowalczyk", "Ivanova",
    "Иванов", "الحسن", "כהן", "田中", "山本", "王", "李", "김", "Trần", "Okafor", "d'Angelo",
    "Håkansson", "Sánchez-Pérez", "Çelik", "Null", "True", "Dubois", "Jensen", "Novák", "Rossi",
)  # fmt: skip
COMPANY_STEMS: Final = (
    "Acme", "Globex", "Umbrella", "Initech", "Soylent", "Nordlicht", "Süßwaren", "Crédit Rural",
    "Wayne", "Tyrell", "Hooli", "Vandelay", "Größenwahn", "Estación", "东方", "さくら", "Газмаш",
    "مؤسسة النور", "אור", "Stark", "Cyberdyne", "Pied Piper", "Blue Sun", "Oceanic", "Zephyr",
)  # fmt: skip
COMPANY_ENDS: Final = (
    "Inc.", "GmbH & Co. KG", "Ltd", "S.A.", "plc", "B.V.", "株式会社", "AG", "LLC", "Sp. z o.o.",
    "Group", "Holdings", "& Sons", "Labs", "",
)  # fmt: skip
CITIES: Final = (
    ("Berlin", "BE", "10115", "Germany", 52.52, 13.405),
    ("München", "BY", "80331", "Germany", 48.137, 11.575),
    ("Newark", "NJ", "07102", "United States", 40.735, -74.172),
    ("San Francisco", "CA", "94105", "United States", 37.789, -122.394),
    ("São Paulo", "SP", "01310-100", "Brazil", -23.561, -46.656),
    ("東京", "東京都", "100-0001", "日本", 35.685, 139.751),
    ("القاهرة", "", "11511", "مصر", 30.044, 31.235),
    ("תל אביב", "", "6100000", "ישראל", 32.08, 34.78),
    ("Dublin", "Co. Dublin", "D02 AF30", "Ireland", 53.349, -6.26),
    ("Reykjavík", "", "101", "Iceland", 64.146, -21.942),
    ("Łódź", "łódzkie", "90-001", "Poland", 51.759, 19.456),
)
STREETS: Final = (
    "Hauptstraße 1", "1 Market St\nSuite 300", "Rua da Paz, 12", "77 Massachusetts Ave",
    "千代田1-1", '12 "Old" Road', "c/o Reception\r\n5th floor\r\nBack door", "شارع النيل ٧",
)  # fmt: skip
WORDS: Final = (
    "renewal", "invoice", "quote", "demo", "follow up", "upgrade", "contract", "migration",
    "pilot", "support", "licence", "training", "review", "budget", "workshop", "integration",
    "delivery", "escalation", "proposal", "discount", "onboarding", "audit", "roadmap", "call",
)  # fmt: skip
DIRT: Final = (
    'He said "call back" twice',
    "Line one\nLine two\n\nLine four",
    "Windows\r\nline ends",
    'a,b,"c",;\t|',
    "nul\x00inside",
    "مرحبا بالعالم 123 ABC",
    "שלום עולם",
    "\u202eright to left override\u202c",
    "👩‍👩‍👧‍👦 family 🎉🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "e\u0301 combining, ﬁ ligature",
    "zero\u200bwidth\u2060and\ufeffmark",
    "NULL",
    "N/A",
    "NaN",
    "true",
    "-0",
    "00123",
    "1e5",
    "=HYPERLINK(1)",
    "'; DROP TABLE accounts; --",
    "<p>Dear&nbsp;customer,<br/>…</p>",
    "back\\slash \\n \\N",
    '"',
    '""',
    ",",
    "\U0001d54f\U0001f600",
    "ÅÄÖ \x7f\x1f control",
    "trailing newline\n",
)
INDUSTRIES: Final = (
    "Agriculture", "Banking", "Biotechnology", "Chemicals", "Construction", "Consulting",
    "Education", "Electronics", "Energy", "Engineering", "Food & Beverage", "Government",
    "Healthcare", "Insurance", "Manufacturing", "Media", "Not For Profit", "Retail",
    "Technology", "Telecommunications", "Transportation", "Utilities", "Other",
)  # fmt: skip
LEAD_SOURCES: Final = (
    "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Trade Show", "Other",
)  # fmt: skip
