from django.urls import path

from customers import views

urlpatterns = [
    path("customers/", views.company_list, name="customers"),
    path("customers/new/", views.company_new, name="company_new"),
    path("customers/similar/", views.company_similar, name="company_similar"),
    path("customers/<str:code>/", views.company_page, name="company"),
    path("customers/<str:code>/edit/", views.company_edit, name="company_edit"),
    path("customers/<str:code>/interactions/", views.interaction_add, name="interaction_add"),
    path("customers/<str:code>/contacts/", views.contact_add, name="contact_add"),
    path("customers/<str:code>/contacts/<int:pk>/", views.contact_edit, name="contact_edit"),
]
