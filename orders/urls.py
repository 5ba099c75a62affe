from django.urls import path

from orders.views import desk, documents, line, order, order_edit, order_new, orders, shipments, steps

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("desk/counts/", desk.desk_counts, name="desk_counts"),
    path("desk/complete/", desk.desk_complete, name="desk_complete"),
    path("steps/<int:pk>/<slug:action>/", steps.step_act, name="step_act"),
    path("company-options/", order_new.company_options, name="company_options"),
    path("orders/", orders.order_list, name="orders"),
    path("orders/new/", order_new.order_new, name="order_new"),
    path("orders/<str:number>/", order.order_page, name="order"),
    path("orders/<str:number>/edit/", order_edit.order_edit, name="order_edit"),
    path("orders/<str:number>/lines/<int:position>/", line.line_change, name="line_change"),
    path("orders/<str:number>/documents/", documents.document_add, name="document_add"),
    path("orders/<str:number>/comments/", documents.comment_add, name="comment_add"),
    path("orders/<str:number>/<slug:move>/", order.order_move, name="order_move"),
    path("documents/<int:pk>/", documents.document_download, name="document"),
    path("documents/<int:pk>/decide/", documents.document_decide, name="document_decide"),
    path("shipments/", shipments.shipment_list, name="shipments"),
    path("shipments/new/", shipments.shipment_new, name="shipment_new"),
    path("shipments/bulk/", shipments.shipment_bulk_move, name="shipment_bulk_move"),
    path("shipments/<str:number>/", shipments.shipment_page, name="shipment"),
    path("shipments/<str:number>/edit/", shipments.shipment_edit, name="shipment_edit"),
    path("shipments/<str:number>/move/", shipments.shipment_move, name="shipment_move"),
    path("shipments/<str:number>/cancel/", shipments.shipment_cancel, name="shipment_cancel"),
]
