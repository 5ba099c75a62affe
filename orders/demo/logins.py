"""Who may log in to the demo. Read by the launcher as well, before Django is set up: plain values only."""

PASSWORD = "gendan-demo-2026"

# Username, password, role in Chinese and in English.
LOGINS: list[tuple[str, str, str, str]] = [
    ("clerk", PASSWORD, "跟单员（外贸一部）", "Follow-up clerk (export 1)"),
    ("clerk2", PASSWORD, "跟单员（外贸二部）", "Follow-up clerk (export 2)"),
    ("logistics", PASSWORD, "物流协调员", "Logistics coordinator"),
    ("manager", PASSWORD, "经理", "Manager"),
    ("lead", PASSWORD, "主管（外贸一部）", "Team lead (export 1)"),
    ("sales", PASSWORD, "业务员", "Sales representative"),
    ("salesmgr", PASSWORD, "销售经理", "Sales manager"),
    ("marketdev", PASSWORD, "市场开拓", "Market developer"),
    ("finance", PASSWORD, "财务", "Finance"),
    ("qc", PASSWORD, "质检", "Quality inspector"),
    ("planner", PASSWORD, "计划员", "Production planner"),
    ("purchaser", PASSWORD, "采购员", "Purchaser"),
    ("documents", PASSWORD, "单证员", "Documentation clerk"),
    ("service", PASSWORD, "客服（英文界面）", "Customer service (reads English)"),
    ("admin", PASSWORD, "系统管理员", "Administrator"),
]
