"""The demo's customers, suppliers and forwarders, with contacts and what was said to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from customers.models import Company, Contact, Interaction
from orders.demo.people import PEOPLE, holder
from teams.models import Team, User
from teams.permissions import RoleCode


@dataclass(frozen=True)
class Profile:
    """A company: `part` is customer, dealer, supplier or forwarder; `port` is where its goods go."""

    code: str
    name: str
    name_en: str
    country: str
    city: str
    part: str = "customer"
    team: str | None = None
    port: str = ""
    timezone: str = "Asia/Shanghai"
    grade: str = ""


def _abroad(team: str, rows: str) -> list[Profile]:
    profiles = []
    for row in rows.strip().splitlines():
        code, name, name_en, country, city, port, zone, grade = (cell.strip() for cell in row.split("|"))
        profiles.append(Profile(code, name, name_en, country, city, "customer", team, port, zone, grade))
    return profiles


def _at_home(part: str, rows: str, team: str | None = None) -> list[Profile]:
    profiles = []
    for row in rows.strip().splitlines():
        code, name, name_en, city, grade = (cell.strip() for cell in row.split("|"))
        profiles.append(Profile(code, name, name_en, "CN", city, part, team, city, grade=grade))
    return profiles


COMPANIES: list[Profile] = [
    *_abroad(
        "export1",
        """
        DE-NORDHAUS | 北豪家居（汉堡） | Nordhaus Wohnen GmbH | DE | Hamburg | Hamburg | Europe/Berlin | A
        DE-KELLER | 凯勒五金 | Keller Eisenwaren AG | DE | Stuttgart | Hamburg | Europe/Berlin | B
        NL-VANDERMEER | 范德梅尔贸易 | Van der Meer Trading B.V. | NL | Rotterdam | Rotterdam | Europe/Amsterdam | A
        FR-LUMIERE | 光影照明（里昂） | Lumière & Cie SAS | FR | Lyon | Le Havre | Europe/Paris | B
        US-BLUERIDGE | 蓝岭户外用品 | Blue Ridge Outdoor Supply Inc. | US | Charlotte | Savannah | America/New_York | A
        US-PACIFICA | 太平洋家居 | Pacifica Home Brands LLC | US | Los Angeles | Long Beach | America/Los_Angeles | A
        US-HARTWELL | 哈特韦尔工具 | Hartwell Tool Company | US | Chicago | Long Beach | America/Chicago | B
        CA-MAPLELEAF | 枫林零售 | Maple Grove Retail Ltd. | CA | Vancouver | Vancouver | America/Vancouver | B
        AU-SOUTHERN | 南十字星进口 | Southern Cross Imports Pty | AU | Melbourne | Melbourne | Australia/Melbourne | B
        BR-PAULISTA | 圣保罗百货 | Comercial Paulista Ltda. | BR | São Paulo | Santos | America/Sao_Paulo | C
        AE-ALNOOR | 阿努尔贸易 | Al Noor General Trading LLC | AE | Dubai | Jebel Ali | Asia/Dubai | B
        SA-RIYADHMART | 利雅得集市 | Riyadh Mart Trading Est. | SA | Riyadh | Dammam | Asia/Riyadh | C
        """,
    ),
    *_abroad(
        "export2",
        """
        GB-WESTBROOK | 西溪服饰 | Westbrook Apparel plc | GB | Manchester | Felixstowe | Europe/London | A
        ES-COSTABELLA | 科斯塔时装 | Costabella Moda S.A. | ES | Barcelona | Barcelona | Europe/Madrid | A
        IT-MILANO | 米兰针织 | Maglieria Milanese S.r.l. | IT | Milano | Genova | Europe/Rome | B
        SE-FJALLTEX | 山岳纺织 | Fjälltex AB | SE | Göteborg | Göteborg | Europe/Stockholm | B
        PL-BALTIKA | 波罗的服装 | Baltika Odzież Sp. z o.o. | PL | Gdańsk | Gdańsk | Europe/Warsaw | C
        JP-HANABISHI | 花菱商事 | Hanabishi Shoji K.K. | JP | Osaka | Osaka | Asia/Tokyo | A
        JP-AOYAMA | 青山生活 | Aoyama Living Co., Ltd. | JP | Tokyo | Yokohama | Asia/Tokyo | B
        KR-HANSOL | 韩率时尚 | Hansol Fashion Ltd. | KR | Seoul | Busan | Asia/Seoul | B
        US-EVERGREEN | 常青童装 | Evergreen Kids Inc. | US | Seattle | Seattle | America/Los_Angeles | A
        MX-AZTECA | 阿兹特克纺织 | Textiles Azteca S.A. | MX | Guadalajara | Manzanillo | America/Mexico_City | C
        ZA-CAPETEX | 开普纺织 | CapeTex Holdings (Pty) Ltd | ZA | Cape Town | Cape Town | Africa/Johannesburg | C
        """,
    ),
    *_at_home(
        "customer",
        """
        CN-DONGFENG | 东峰机械（苏州）有限公司 | Dongfeng Machinery (Suzhou) | 苏州 | A
        CN-HUATAI | 华泰包装设备有限公司 | Huatai Packaging Equipment | 无锡 | A
        CN-JINGDA | 精达汽车零部件有限公司 | Jingda Auto Parts | 宁波 | B
        CN-XINHAI | 鑫海化工工程有限公司 | Xinhai Chemical Engineering | 青岛 | B
        CN-LIDE | 力德电梯服务有限公司 | Lide Elevator Service | 杭州 | B
        CN-SANHE | 三和食品机械厂 | Sanhe Food Machinery Works | 合肥 | C
        CN-YUANDA | 远大暖通工程有限公司 | Yuanda HVAC Engineering | 武汉 | B
        CN-ZHONGKE | 中科仪表有限公司 | Zhongke Instruments | 成都 | A
        """,
        team="parts",
    ),
    Profile(
        "VN-SAOMAI",
        "启明星备件（越南）",
        "Sao Mai Spare Parts JSC",
        "VN",
        "Hai Phong",
        "dealer",
        "parts",
        "Hai Phong",
        "Asia/Ho_Chi_Minh",
        "B",
    ),
    Profile(
        "TH-SIAMTECH",
        "暹罗科技",
        "Siam Tech Service Co., Ltd.",
        "TH",
        "Bangkok",
        "dealer",
        "parts",
        "Laem Chabang",
        "Asia/Bangkok",
        "C",
    ),
    *_at_home(
        "supplier",
        """
        SUP-YONGXIN | 永鑫五金制品厂 | Yongxin Hardware | 宁波 | A
        SUP-GUANGDA | 广达塑胶制品有限公司 | Guangda Plastics | 东莞 | B
        SUP-LVYUAN | 绿源照明科技有限公司 | Lvyuan Lighting | 中山 | B
        SUP-HAOYU | 浩宇家具有限公司 | Haoyu Furniture | 佛山 | B
        SUP-JINXIU | 锦绣针织有限公司 | Jinxiu Knitting | 绍兴 | A
        SUP-TIANYI | 天翼印染有限公司 | Tianyi Dyeing | 绍兴 | B
        SUP-MEIHUA | 美华制衣有限公司 | Meihua Garment | 南通 | A
        SUP-HONGSHENG | 宏盛包装材料有限公司 | Hongsheng Packaging | 嘉兴 | C
        SUP-BEIFANG | 北方轴承厂 | Beifang Bearings | 瓦房店 | B
        SUP-RUNDA | 润达液压件有限公司 | Runda Hydraulics | 温州 | B
        """,
    ),
    *_at_home(
        "forwarder",
        """
        FWD-ZHONGYUAN | 中源国际货运代理 | Zhongyuan International Freight | 上海 |
        FWD-HAITONG | 海通物流 | Haitong Logistics | 宁波 |
        FWD-ANSHUN | 安顺汽运 | Anshun Trucking | 苏州 |
        FWD-SUFENG | 速丰快递 | Sufeng Express | 上海 |
        """,
    ),
]

_FAMILY_NAMES = "张王刘黄徐朱马胡郭曹"
_GIVEN_NAMES = ["伟", "敏", "俊杰", "秀英", "丽", "强", "婷", "浩然", "欣怡", "国平"]
_FOREIGN_NAMES = [
    "Anna Schneider", "Jeroen Bakker", "Camille Laurent", "Michael Turner", "Laura Jensen", "Pedro Almeida",
    "Yuki Tanaka", "Min-jun Park", "Fatima Haddad", "Oliver Hughes", "Sofia Romano", "Carlos Ramírez",
]  # fmt: skip
_TOPICS = [
    "确认了下一批的包装要求，对方周五前回复唛头。",
    "催促产前样意见，客户已转设计部。",
    "沟通付款安排，尾款见提单副本后三天内支付。",
    "讨论明年的价格与最小起订量。",
    "客户询问船期，已告知预计开船日。",
    "拜访工厂，查看产线与来料检验。",
    "Talked about the forecast for next season; they will send volumes next week.",
    "They asked for photos of the loading; promised for tomorrow.",
    "回访满意度，客户对交期满意，希望改进外箱。",
]


def load_companies(rng: Random, now: datetime) -> None:
    """Create the companies that are missing, each with contacts and a few interactions before `now`."""
    teams = {team.code: team for team in Team.objects.all()}
    users = {user.username: user for user in User.objects.filter(username__in=[p.username for p in PEOPLE])}
    known = set(Company.objects.values_list("code", flat=True))
    profiles = [profile for profile in COMPANIES if profile.code not in known]
    companies = Company.objects.bulk_create(
        Company(
            code=profile.code,
            name=profile.name,
            name_en=profile.name_en,
            **{f"is_{profile.part}": True},
            country=profile.country,
            city=profile.city,
            grade=profile.grade,
            timezone=profile.timezone,
            language="zh-hans" if profile.country == "CN" else "en",
            team=teams[profile.team] if profile.team else None,
            owner=users[holder(RoleCode.SALES_REP, profile.team)] if profile.team else None,
        )
        for profile in profiles
    )
    contacts = Contact.objects.bulk_create(contact for company in companies for contact in _contacts(company, rng))
    Interaction.objects.bulk_create(
        interaction
        for contact in contacts
        if contact.is_primary and contact.company.owner
        for interaction in _interactions(contact, rng, now)
    )


def _contacts(company: Company, rng: Random) -> list[Contact]:
    contacts = []
    for number in range(rng.choice([1, 2, 2, 3])):
        at_home = company.country == "CN"
        name = rng.choice(_FAMILY_NAMES) + rng.choice(_GIVEN_NAMES) if at_home else rng.choice(_FOREIGN_NAMES)
        title = rng.choice(
            ["采购经理", "跟单主管", "总经理"] if at_home else ["Buyer", "Import manager", "Merchandiser"]
        )
        host = company.code.split("-", 1)[1].lower()
        contacts.append(
            Contact(
                company=company,
                name=name,
                title=title,
                email=f"contact{number + 1}@{host}.example",
                phone=f"+86 138 0000 {rng.randrange(1000, 9999)}"
                if at_home
                else f"+00 555 {rng.randrange(1000, 9999)}",
                messenger=f"{host}_{number + 1}" if at_home else "",
                is_primary=number == 0,
            )
        )
    return contacts


def _interactions(contact: Contact, rng: Random, now: datetime) -> list[Interaction]:
    return [
        Interaction(
            company=contact.company,
            contact=contact,
            channel=rng.choice(Interaction.Channel.values),
            direction=rng.choice(Interaction.Direction.values),
            at=(at := now - timedelta(days=rng.randrange(1, 330), minutes=rng.randrange(600))),
            summary=rng.choice(_TOPICS),
            next_action_at=at + timedelta(days=rng.randrange(5, 60)) if rng.random() < 0.4 else None,
            by=contact.company.owner,
        )
        for _number in range(rng.randrange(2, 6))
    ]
